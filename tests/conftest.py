"""What all tests share: nothing yet but their place, so that `tests.support` can be imported.

tests/contracts/   run by Brownie, on Anvil and on Ganache
tests/python/      run without it: pytest -p no:pytest-brownie tests/python
tests/vectors/     bytes that are frozen: formats, keys, proofs
"""
