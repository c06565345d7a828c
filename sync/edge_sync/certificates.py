"""X.509 as both ends need it: a key, a request for a certificate, and whether a certificate is what it should be.

EC P-256 with SHA-256 throughout. A gateway's subject is CN = its name and O = its tenant, and nothing else: a certificate is
readable by whoever listens to the handshake (TLS 1.2), so no store, town or person stands in it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_sync.errors import Refused

PEM: Final = serialization.Encoding.PEM
DER: Final = serialization.Encoding.DER
HASH: Final = hashes.SHA256()

Standing = Literal["good", "due", "expired"]
"""`due`: less than a third of its life is left, so it is time to renew."""


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8 without a passphrase: a service must start unattended; the file is 0600."""
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Refused when it is no P-256 key."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise Refused("TLS key is damaged", remedy="restore it from a backup") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refused("TLS key is not a P-256 key", remedy="restore it from a backup")
    return key


def subject(name: str, tenant: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, tenant), *parts] if tenant else parts)


def csr(key: ec.EllipticCurvePrivateKey, *, name: str, tenant: str) -> bytes:
    """A certificate signing request, DER."""
    return x509.CertificateSigningRequestBuilder().subject_name(subject(name, tenant)).sign(key, HASH).public_bytes(DER)


def checked_csr(der: bytes, *, name: str, tenant: str) -> ec.EllipticCurvePublicKey:
    """The key in a request that is signed by it and asks for exactly this name; Refused otherwise."""
    try:
        asked = x509.load_der_x509_csr(der)
        holds = asked.is_signature_valid
        key = asked.public_key()
    except (ValueError, TypeError) as error:
        raise Refused("certificate request is damaged", remedy="make a new request on the box") from error
    if not holds or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refused("certificate request is not signed by its P-256 key", remedy="make a new request on the box")
    if asked.subject != subject(name, tenant) or list(asked.extensions):
        raise Refused("certificate request asks for another name", remedy="check gateway and tenant in the box's configuration")
    return key


def load(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise Refused("certificate is damaged", remedy="ask for it again") from error


def load_pem(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise Refused("certificate is damaged", remedy="restore it from a backup, or ask for it again") from error


def check_issued(certificate: x509.Certificate, ca: x509.Certificate, *, name: str, tenant: str) -> None:
    """Whether `ca` gave `certificate` to this gateway, as a client and nothing else; Refused otherwise. Not the dates."""
    try:
        certificate.verify_directly_issued_by(ca)
        authority = ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        uses = list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise Refused("certificate is not by that CA", remedy="ask HQ for a new grant") from error
    if not authority or uses != [ExtendedKeyUsageOID.CLIENT_AUTH] or certificate.subject != subject(name, tenant):
        raise Refused("certificate is for another name or use", remedy="ask HQ for a new grant")


def prove(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """ECDSA with SHA-256, DER: whoever made it holds that key."""
    return key.sign(message, ec.ECDSA(HASH))


def is_signed_by(certificate: x509.Certificate, message: bytes, proof: bytes) -> bool:
    key = certificate.public_key()
    try:
        return isinstance(key, ec.EllipticCurvePublicKey) and key.verify(proof, message, ec.ECDSA(HASH)) is None
    except InvalidSignature:
        return False


def public_bytes(key: object) -> bytes:
    """For comparing keys. TypeError for what is no public key."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("not a P-256 key")
    return key.public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def life_left(certificate: x509.Certificate, now: datetime) -> timedelta:
    """Negative when it is over."""
    return certificate.not_valid_after_utc - now.astimezone(UTC)


def standing(certificate: x509.Certificate, now: datetime) -> Standing:
    left = life_left(certificate, now)
    whole = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    if left <= timedelta(0):
        return "expired"
    return "due" if left < whole / 3 else "good"
