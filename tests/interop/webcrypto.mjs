// Node 18, which Debian 12 ships, has Web Crypto but not as globals; the libraries look there.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
