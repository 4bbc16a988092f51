// oauth4webapi: private_key_jwt with each algorithm, and DPoP from the token endpoint to a protected resource, with nonces where the server asks for them.
import { webcrypto } from "node:crypto";
import { accessToken, assert, client, discover, insecure, introspect, issuer, oauth, resource } from "./tokenry.mjs";

const { subtle } = webcrypto;
const pem = (der) => `-----BEGIN PUBLIC KEY-----\n${Buffer.from(der).toString("base64")}\n-----END PUBLIC KEY-----`;
const algorithms = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  PS256: { name: "RSA-PSS", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
};

async function register(alg, publicKey) {
  const response = await fetch(new URL(`/v1/applications/${client.client_id}/public-keys`, issuer), {
    method: "POST",
    headers: { authorization: `Bearer ${process.env.TOKENRY_ADMIN}`, "content-type": "application/json" },
    body: JSON.stringify({ name: alg, alg, pem: pem(await subtle.exportKey("spki", publicKey)) }),
  });
  assert.equal(response.status, 201, await response.clone().text());
  return (await response.json()).public_key.kid;
}

const server = await discover();
assert.ok(server.token_endpoint_auth_methods_supported.includes("private_key_jwt"));
let authentication;
for (const [alg, parameters] of Object.entries(algorithms)) {
  const { publicKey, privateKey } = await subtle.generateKey(parameters, true, ["sign", "verify"]);
  const kid = await register(alg, publicKey);
  authentication = oauth.PrivateKeyJwt(
    { key: privateKey, kid },
    { [oauth.modifyAssertion]: (header) => void (header.typ = "client-authentication+jwt") },
  );
  const issued = await accessToken(server, authentication);
  assert.equal(issued.token_type, "bearer");
  assert.equal((await introspect(server, authentication, issued.access_token)).active, true);
}

for (const [alg, parameters] of Object.entries(algorithms).filter(([alg]) => server.dpop_signing_alg_values_supported.includes(alg))) {
  const pair = await subtle.generateKey(parameters, false, ["sign", "verify"]);
  const DPoP = oauth.DPoP(client, pair);
  const get = async (to) => {
    const ask = () =>
      oauth.clientCredentialsGrantRequest(server, client, authentication, new URLSearchParams({ resource: to }), { ...insecure, DPoP });
    try {
      return await oauth.processClientCredentialsResponse(server, client, await ask());
    } catch (refusal) {
      if (!oauth.isDPoPNonceError(refusal)) throw refusal;
      return await oauth.processClientCredentialsResponse(server, client, await ask());
    }
  };
  const issued = await get(resource);
  assert.equal(issued.token_type, "dpop", alg);
  const active = await introspect(server, authentication, issued.access_token);
  assert.equal(active.cnf.jkt, await DPoP.calculateThumbprint());

  // Tokenry's own API is a protected resource like any other.
  const own = await get("urn:tokenry:management");
  const me = new URL("/v1/me", issuer);
  const call = () => oauth.protectedResourceRequest(own.access_token, "GET", me, undefined, undefined, { ...insecure, DPoP });
  let answer;
  try {
    answer = await call();
  } catch (refusal) {
    if (!oauth.isDPoPNonceError(refusal)) throw refusal;
    answer = await call();
  }
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).application.id, client.client_id);
  const stolen = await fetch(me, { headers: { authorization: `Bearer ${own.access_token}` } });
  assert.equal(stolen.status, 401);
}
