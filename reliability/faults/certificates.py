"""Certificates made on the spot: one of an authority of our own, and ones that nobody should take."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


class Authority:
    """Signs certificates of addresses of this machine.

    Args:
        folder: For its files; made when missing.

    Attributes:
        path: Its own certificate; what REQUESTS_CA_BUNDLE names.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.path = folder / "authority.pem"
        own = self._certificate("authority", self._key, self._key, None, days=30)
        self.path.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def context(self, *, address: str = "127.0.0.1", days: int = 30, signed: bool = True) -> ssl.SSLContext:
        """What a server speaks TLS with.

        Args:
            address: The certificate is of this address.
            days: From now to its end; negative: it ended so long ago.
            signed: By this authority; else by itself.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate("replica", key, self._key if signed else key, address, days=days)
        path = self._folder / "server.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(
        self,
        words: str,
        key: ec.EllipticCurvePrivateKey,
        signer: ec.EllipticCurvePrivateKey,
        address: str | None,
        *,
        days: int,
    ) -> x509.Certificate:
        """Of an address, or of the authority itself when there is none."""
        end = dt.datetime.now(dt.UTC) + days * _DAY
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(words))
            .issuer_name(_name("authority" if signer is self._key else words))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - (abs(days) + 30) * _DAY)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
        )
        if address is not None:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(signer, hashes.SHA256())
