"""What a frontend needs to reach the local stack: its configuration, environment variables, and lines of code."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from closetspace_infra.local.ports import Addresses

PREFIXES = {"Vite": "VITE_", "Create React App": "REACT_APP_"}
"""Build tools, and how the names of variables begin that each passes on to the browser."""

SERVICES = ("auth", "firestore", "storage", "functions")
"""The services with an emulator that the Web SDK connects to."""


@dataclass(frozen=True)
class FrontendSetup:
    """The Web SDK's configuration for a stack, ``host:port`` of its services, and the region of its callables."""

    config: Mapping[str, str]
    addresses: Addresses
    region: str

    def variables(self, prefix: str) -> dict[str, str]:
        """Return the environment variables, whose names begin with ``prefix``."""
        config = {f"FIREBASE_{_constant(key)}": value for key, value in self.config.items()}
        emulators = {f"{service.upper()}_EMULATOR": getattr(self.addresses, service) for service in SERVICES}
        return {prefix + name: value for name, value in {**config, "REGION": self.region, **emulators}.items()}

    def lines(self) -> Iterator[str]:
        """Yield the lines of an environment file for each build tool, then the same as JavaScript."""
        for tool, prefix in PREFIXES.items():
            yield f"# .env.development.local of {tool}"
            yield from (f"{name}={value}" for name, value in self.variables(prefix).items())
            yield ""
        yield "// or in code"
        yield from self.code()

    def code(self) -> Iterator[str]:
        """Yield the lines of JavaScript that connect the Web SDK; the banner of Auth would cover buttons."""
        yield f"const firebaseConfig = {json.dumps(self.config, indent=2)};"
        yield "const app = initializeApp(firebaseConfig);"
        yield "const auth = getAuth(app), db = getFirestore(app), storage = getStorage(app);"
        yield f'const functions = getFunctions(app, "{self.region}");'
        yield f'connectAuthEmulator(auth, "http://{self.addresses.auth}", {{disableWarnings: true}});'
        yield f"connectFirestoreEmulator(db, {_arguments(self.addresses.firestore)});"
        yield f"connectStorageEmulator(storage, {_arguments(self.addresses.storage)});"
        yield f"connectFunctionsEmulator(functions, {_arguments(self.addresses.functions)});"

    def as_json(self) -> dict[str, Any]:
        """Return the fields that ``--json`` prints."""
        return {"firebaseConfig": dict(self.config), "addresses": asdict(self.addresses), "region": self.region}


def _constant(name: str) -> str:
    """Return a name such as ``apiKey`` as ``API_KEY``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def _arguments(address: str) -> str:
    host, port = address.split(":")
    return f'"{host}", {port}'
