"""What all tests without Brownie share: no verdict depends on how fast the machine is today."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("aceso", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("aceso")
