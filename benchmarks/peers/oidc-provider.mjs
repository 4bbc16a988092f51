// oidc-provider.mjs PORT: a token endpoint and introspection.
//
// The token endpoint takes a client secret, private_key_jwt, a DPoP proof beside a secret, and over TLS a self-signed certificate.
// In its favour: no database (a Map, with nothing evicted), client secrets in the configuration and compared as they are,
// and only the features that are measured. It refuses to introspect JWTs, so introspection is of opaque access tokens.
import { address, serve } from "./peer.mjs";
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { createServer } from "node:https";
import { Provider } from "oidc-provider";

const scope = "invoices:read invoices:write";
const resources = {
  "https://es256.example.com": { accessTokenFormat: "jwt", accessTokenTTL: 300, jwt: { sign: { alg: "ES256" } } },
  "https://rs256.example.com": { accessTokenFormat: "jwt", accessTokenTTL: 300, jwt: { sign: { alg: "RS256" } } },
  "https://opaque.example.com": { accessTokenFormat: "opaque", accessTokenTTL: 86_400 }, // outlives any run
};

class MapAdapter {
  static #entries = new Map();

  constructor(model) {
    this.prefix = `${model}:`;
  }

  async upsert(id, payload) {
    MapAdapter.#entries.set(this.prefix + id, payload);
  }

  async find(id) {
    return MapAdapter.#entries.get(this.prefix + id);
  }

  async destroy(id) {
    MapAdapter.#entries.delete(this.prefix + id);
  }
}

function client(id, authentication) {
  return {
    client_id: id,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    ...authentication,
  };
}

function withSecret(id) {
  const client_secret = randomBytes(32).toString("base64url");
  return client(id, { client_secret, token_endpoint_auth_method: "client_secret_basic" });
}

function keyPair() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

// A public key as clients register it; its id is its thumbprint (RFC 7638).
function registered({ publicKey }) {
  const { crv, kty, x, y } = publicKey.export({ format: "jwk" });
  const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
  return { crv, kty, x, y, kid, use: "sig" };
}

// Node.js makes no certificates.
function selfSigned(subject) {
  const options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", `/CN=${subject}`];
  return execFileSync("openssl", ["req", "-x509", ...options, "-keyout", "-", "-out", "-"], { stdio: ["ignore", "pipe", "ignore"] }).toString();
}

function signingKey(alg, { privateKey }) {
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: alg };
}

const caller = withSecret("caller");
const api = withSecret("api");
const signing = keyPair();
const signer = client("signer", { jwks: { keys: [registered(signing)] }, token_endpoint_auth_method: "private_key_jwt" });
const certificate = selfSigned("holder");
const { publicKey, raw } = new X509Certificate(certificate);
const holder = client("holder", {
  jwks: { keys: [{ ...registered({ publicKey }), x5c: [raw.toString("base64")] }] },
  tls_client_certificate_bound_access_tokens: true,
  token_endpoint_auth_method: "self_signed_tls_client_auth",
});

// Of connections over TLS: a certificate is read once and not at each request.
const certificates = new WeakMap();

const provider = new Provider(address, {
  adapter: MapAdapter,
  clients: [caller, api, signer, holder],
  clientAuthMethods: ["client_secret_basic", "private_key_jwt", "self_signed_tls_client_auth"],
  jwks: {
    keys: [
      signingKey("ES256", keyPair()),
      signingKey("RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })),
    ],
  },
  scopes: scope.split(" "),
  ttl: { ClientCredentials: (_, token) => token.resourceServer.accessTokenTTL },
  features: {
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    devInteractions: { enabled: false },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      getCertificate: ({ socket }) => certificates.get(socket),
    },
    introspection: { enabled: true, allowedPolicy: (_, asking) => asking.clientId === api.client_id },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({ ...resources[resource], scope, audience: resource }),
    },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
  },
});

function post(path, { client_id, client_secret }, parameters, expect) {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  if (client_secret) {
    headers.authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
  }
  return {
    method: "POST",
    path,
    headers,
    body: new URLSearchParams(parameters).toString(),
    expect,
  };
}

function accessToken(resource, client = caller, more = {}, expect = '"access_token":"') {
  const parameters = { grant_type: "client_credentials", resource, scope: "invoices:read", ...more };
  return post("/token", client, parameters, expect);
}

// Clients with certificates come to an address of their own.
async function overTls(request) {
  const own = selfSigned("localhost");
  const server = createServer({ key: own, cert: own, requestCert: true, rejectUnauthorized: false }, provider.callback());
  server.keepAliveTimeout = 60_000;
  server.on("secureConnection", (socket) => certificates.set(socket, socket.getPeerX509Certificate()));
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return { ...request, certificate, tlsAddress: `https://127.0.0.1:${server.address().port}` };
}

async function introspection() {
  const { path, ...request } = accessToken("https://opaque.example.com");
  const response = await fetch(address + path, request);
  if (!response.ok) {
    throw new Error(`no opaque access token: ${await response.text()}`);
  }
  const { access_token: token } = await response.json();
  return post("/token/introspection", api, { token }, '"active":true');
}

const key = signing.privateKey.export({ type: "pkcs8", format: "pem" });
const signers = {
  private_key_jwt: { key, clientId: signer.client_id, audience: address },
  dpop: { key, proofUri: `${address}/token` },
};

async function requests() {
  const es256 = "https://es256.example.com";
  return {
    client_credentials_es256: [accessToken(es256)],
    client_credentials_rs256: [accessToken("https://rs256.example.com")],
    private_key_jwt: [accessToken(es256, signer)],
    dpop: [accessToken(es256, caller, {}, '"token_type":"DPoP"')],
    mtls: [await overTls(accessToken(es256, holder, { client_id: holder.client_id }))],
    introspect_opaque: await Promise.all(Array.from({ length: 100 }, introspection)),
  };
}

await serve("oidc-provider", "oidc-provider", provider.callback(), requests, signers);
