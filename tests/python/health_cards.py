"""SMART Health Cards, signed as the specification says, with other means than the reader's."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["Issuer", "b64"]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs cards as the specification says, with other means than the reader's."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        numbers = self.key.public_key().public_numbers()
        self.jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(numbers.x.to_bytes(32)),
            "y": b64(numbers.y.to_bytes(32)),
        }
        x, y = self.jwk["x"], self.jwk["y"]
        joined = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
        self.kid = b64(hashlib.sha256(joined.encode()).digest())

    def sign(self, payload, **header):
        pack = zlib.compressobj(wbits=-15)
        body = pack.compress(payload) + pack.flush()
        head = {"zip": "DEF", "alg": "ES256", "kid": self.kid} | header
        signed = f"{b64(json.dumps(head).encode())}.{b64(body)}"
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{b64(r.to_bytes(32) + s.to_bytes(32))}"

    def card(self, name="가상", born="1990-01-01", code="208", **more):
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {
                    "fullUrl": "resource:0",
                    "resource": {
                        "resourceType": "Patient",
                        "name": [{"family": name}],
                        "birthDate": born,
                    },
                },
                {
                    "fullUrl": "resource:1",
                    "resource": {
                        "resourceType": "Immunization",
                        "status": "completed",
                        "vaccineCode": {
                            "coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": code}]
                        },
                        "patient": {"reference": "resource:0"},
                        "occurrenceDateTime": "2021-01-01",
                    },
                },
            ],
        }
        subject = {"fhirVersion": "4.0.1", "fhirBundle": bundle} | more
        return self.sign(
            json.dumps(
                {
                    "iss": "https://issuer.example",
                    "nbf": 1.62e9,
                    "vc": {
                        "type": ["https://smarthealth.cards#health-card"],
                        "credentialSubject": subject,
                    },
                }
            ).encode()
        )
