// Our access token at a stranger's resource server: jose with a remote JWKS, and oauth4webapi's RFC 9068 validation.
import "./webcrypto.mjs";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { accessToken, algorithm, assert, client, discover, insecure, issuer, oauth, resource, secret } from "./tokenry.mjs";

const server = await discover();
const { access_token: token } = await accessToken(server, oauth.ClientSecretBasic(secret));

const keys = createRemoteJWKSet(new URL(server.jwks_uri));
const expected = { issuer: server.issuer, audience: resource, typ: "at+jwt", algorithms: [algorithm] };
const { payload, protectedHeader } = await jwtVerify(token, keys, expected);
assert.deepEqual(Object.keys(protectedHeader).sort(), ["alg", "kid", "typ"]);
assert.equal(payload.sub, client.client_id);
assert.equal(payload.client_id, client.client_id);
assert.equal(payload.scope, "invoices:read invoices:write");

// The same token is refused for another audience, another type and with one character changed.
await assert.rejects(jwtVerify(token, keys, { ...expected, audience: "https://other.example.com" }), errors.JWTClaimValidationFailed);
await assert.rejects(jwtVerify(token, keys, { ...expected, typ: "JWT" }), errors.JWTClaimValidationFailed);
const altered = token.slice(0, -10) + (token.at(-10) === "A" ? "B" : "A") + token.slice(-9);
await assert.rejects(jwtVerify(altered, keys, expected), errors.JWSSignatureVerificationFailed);

// Nor for a verifier that expects the other algorithm.
const other = algorithm === "ES256" ? "RS256" : "ES256";
await assert.rejects(jwtVerify(token, keys, { ...expected, algorithms: [other] }), errors.JOSEAlgNotAllowed);

const request = new Request(resource, { headers: { authorization: `Bearer ${token}` } });
const claims = await oauth.validateJwtAccessToken(server, request, resource, {
  ...insecure,
  signingAlgorithms: [algorithm],
});
assert.equal(claims.iss, issuer.href.replace(/\/$/, ""));
assert.equal(claims.client_id, client.client_id);
