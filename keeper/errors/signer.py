"""The keys: nothing is signed with another one instead."""

from __future__ import annotations

from keeper.errors.kinds import SignerError


class KeyFileMissing(SignerError):
    """No key at the configured path, or `reason` why what is there is none; `role` is keeper or guardian."""

    code = "key-file-missing"

    def __init__(self, role: str, path: str, reason: str = "") -> None:
        super().__init__(
            f"signer.{role}.path: no key file at {path}{f': {reason}' if reason else ''}",
            remedy=f"put the keystore there, or correct signer.{role}.path",
        )
        self.role = role
        self.path = path


class KeyFileExposed(SignerError):
    """The key's file may be read by others than its owner; `mode` is its permission bits."""

    code = "key-file-exposed"

    def __init__(self, role: str, path: str, mode: int) -> None:
        super().__init__(
            f"signer.{role}.path: {path} has mode {mode:04o}, so others may read it", remedy=f"chmod 600 {path}"
        )
        self.role = role
        self.path = path
        self.mode = mode


class WrongPassword(SignerError):
    """The secret does not open the keystore; `reference` is the secret's reference, never its value."""

    code = "wrong-password"

    def __init__(self, role: str, path: str, reference: str) -> None:
        super().__init__(
            f"signer.{role}.secret: {reference} does not open {path}",
            remedy=f"put the keystore's password into {reference}",
        )
        self.role = role
        self.path = path
        self.reference = reference


class SignerNotEntitled(SignerError):
    """The vault does not know this key in this role, or its mandate has expired."""

    code = "signer-not-entitled"

    def __init__(self, role: str, address: str, reason: str) -> None:
        super().__init__(
            f"{address} may not act as {role}: {reason}", remedy=f"have the owner appoint {address} as {role}"
        )
        self.role = role
        self.address = address
        self.reason = reason
