// http-message-signatures signs requests (RFC 9421) that Tokenry's own API takes, and that /v1/verify says are good: by an API key's signing key and by a
// public key that is registered here.
import { strict as assert } from "node:assert";
import { createHash, generateKeyPairSync, randomUUID } from "node:crypto";
import { createSigner, httpbis } from "http-message-signatures";

const { TOKENRY_ISSUER: issuer, TOKENRY_ADMIN: admin, TOKENRY_CLIENT_ID: application, TOKENRY_RESOURCE: resource } = process.env;
const { TOKENRY_KEY_ID: keyId, TOKENRY_SIGNING_KEY: signingKey } = process.env;

async function sign(request, key) {
  const digest = request.body && `sha-256=:${createHash("sha256").update(request.body).digest("base64")}:`;
  const headers = digest ? { "Content-Digest": digest, "Content-Type": "application/json" } : {};
  const { headers: signed } = await httpbis.signMessage(
    {
      key,
      fields: ["@method", "@authority", "@path", "@query", ...(digest ? ["content-digest"] : [])],
      params: ["created", "keyid", "alg", "nonce", "tag"],
      paramValues: { nonce: randomUUID(), tag: "tokenry-v1" },
    },
    { ...request, headers },
  );
  return { ...request, headers: signed };
}

const ask = async ({ url, ...request }) => {
  const response = await fetch(url, request);
  return { status: response.status, body: await response.json() };
};

const post = (path, body) =>
  ask({
    url: new URL(path, issuer),
    method: "POST",
    headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const shared = createSigner(Buffer.from(signingKey, "base64url"), "hmac-sha256", keyId);

const me = await sign({ method: "GET", url: `${issuer}/v1/me` }, shared);
const seen = await ask(me);
assert.equal(seen.status, 200, JSON.stringify(seen.body));
assert.equal(seen.body.credential_id, keyId);
assert.equal((await ask(me)).status, 401);
// 400 and not 401: the query is signed as it was sent, and the route has no such parameter.
assert.equal((await ask(await sign({ method: "GET", url: `${issuer}/v1/me?a=%2F` }, shared))).status, 400);
const created = await sign(
  { method: "POST", url: `${issuer}/v1/applications`, body: JSON.stringify({ name: `signed ${randomUUID()}`, roles: [] }) },
  shared,
);
assert.equal((await ask({ ...created, body: created.body.replace("signed", "forged") })).status, 401);
assert.equal((await ask(created)).status, 201);

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const registered = await post(`/v1/applications/${application}/public-keys`, {
  name: "node",
  jwk: publicKey.export({ format: "jwk" }),
});
assert.equal(registered.status, 201, JSON.stringify(registered.body));
const own = createSigner(privateKey, "ecdsa-p256-sha256", registered.body.id);

for (const [key, kind] of [
  [shared, "api_key"],
  [own, "public_key"],
]) {
  for (const request of [
    { method: "GET", url: `${resource}/v1/invoices/a%2Fb?q=%C3%A9` },
    { method: "PUT", url: `${resource}/`, body: "{}" },
  ]) {
    const { method, url, headers } = await sign(request, key);
    const asked = { api: resource, method, proof: { uri: url, headers } };
    const { body: verdict } = await post("/v1/verify", asked);
    assert.equal(verdict.code, "valid", `${kind} ${method}: ${JSON.stringify(verdict)}`);
    assert.equal(verdict.kind, kind);
    assert.equal((await post("/v1/verify", asked)).body.code, "proof_replayed");
    const other = await sign(request, key);
    assert.equal((await post("/v1/verify", { ...asked, proof: { uri: `${url}x`, headers: other.headers } })).body.code, "proof_invalid");
  }
}
