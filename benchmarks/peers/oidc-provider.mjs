// oidc-provider.mjs PORT: a token endpoint and introspection.
//
// In its favour: no database (a Map, with nothing evicted), client secrets in the configuration and compared as they are,
// and only the features that are measured. It refuses to introspect JWTs, so introspection is of opaque access tokens.
import { address, serve } from "./peer.mjs";
import { generateKeyPairSync, randomBytes } from "node:crypto";
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

function client(id) {
  return {
    client_id: id,
    client_secret: randomBytes(32).toString("base64url"),
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: "client_secret_basic",
  };
}

function signingKey(alg, { privateKey }) {
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: alg };
}

const caller = client("caller");
const api = client("api");

const provider = new Provider(address, {
  adapter: MapAdapter,
  clients: [caller, api],
  jwks: {
    keys: [
      signingKey("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })),
      signingKey("RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })),
    ],
  },
  scopes: scope.split(" "),
  ttl: { ClientCredentials: (_, token) => token.resourceServer.accessTokenTTL },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
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
  const basic = Buffer.from(`${client_id}:${client_secret}`).toString("base64");
  return {
    method: "POST",
    path,
    headers: { "content-type": "application/x-www-form-urlencoded", authorization: `Basic ${basic}` },
    body: new URLSearchParams(parameters).toString(),
    expect,
  };
}

function accessToken(resource) {
  const parameters = { grant_type: "client_credentials", resource, scope: "invoices:read" };
  return post("/token", caller, parameters, '"access_token":"');
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

await serve("oidc-provider", "oidc-provider", provider.callback(), async () => ({
  client_credentials_es256: [accessToken("https://es256.example.com")],
  client_credentials_rs256: [accessToken("https://rs256.example.com")],
  introspect_opaque: await Promise.all(Array.from({ length: 100 }, introspection)),
}));
