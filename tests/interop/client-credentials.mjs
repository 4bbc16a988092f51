// oauth4webapi: discovery (RFC 8414), client_credentials with both client authentication methods, introspection, revocation.
import { accessToken, assert, client, discover, insecure, introspect, issuer, oauth, resource, secret } from "./tokenry.mjs";

const server = await discover();
assert.equal(server.issuer, issuer.href.replace(/\/$/, ""));

for (const authentication of [oauth.ClientSecretBasic(secret), oauth.ClientSecretPost(secret)]) {
  const issued = await accessToken(server, authentication);
  assert.equal(issued.token_type, "bearer"); // the library writes it in lower case
  assert.equal(issued.expires_in, 300);
  assert.equal(issued.scope, "invoices:read invoices:write");
  assert.equal(issued.refresh_token, undefined);

  const active = await introspect(server, authentication, issued.access_token);
  assert.equal(active.active, true);
  assert.equal(active.client_id, client.client_id);
  assert.equal(active.sub, client.client_id);
  assert.equal(active.aud, resource);
  assert.equal(active.scope, issued.scope);

  const revoked = await oauth.revocationRequest(server, client, authentication, issued.access_token, insecure);
  await oauth.processRevocationResponse(revoked);
  assert.deepEqual(await introspect(server, authentication, issued.access_token), { active: false });
}

// Errors are errors to a stranger, too: a code, and the challenge that every 401 has.
await assert.rejects(accessToken(server, oauth.ClientSecretPost(secret), { resource, scope: "invoices:delete" }), {
  error: "invalid_scope",
  status: 400,
});
await assert.rejects(accessToken(server, oauth.ClientSecretBasic("wrong")), (refusal) => {
  assert.equal(refusal.code, "OAUTH_WWW_AUTHENTICATE_CHALLENGE");
  assert.equal(refusal.cause[0].scheme, "basic");
  return true;
});
