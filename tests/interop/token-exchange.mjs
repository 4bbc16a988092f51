// oauth4webapi: token exchange (RFC 8693), and another issuer's token as client assertion, as a stranger's client does them.
import { assert, client, discover, insecure, introspect, oauth, resource, secret } from "./tokenry.mjs";

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const TYPE = "urn:ietf:params:oauth:token-type:";
const server = await discover();
assert(server.grant_types_supported.includes(GRANT));

async function exchange(authentication, parameters) {
  const response = await oauth.genericTokenEndpointRequest(server, client, authentication, GRANT, new URLSearchParams(parameters), insecure);
  return await oauth.processGenericTokenEndpointResponse(server, client, response);
}

const authentication = oauth.ClientSecretBasic(secret);
const pat = { subject_token: process.env.TOKENRY_SUBJECT_TOKEN, subject_token_type: `${TYPE}access_token`, resource };
const issued = await exchange(authentication, { ...pat, scope: "invoices:read" });
assert.equal(issued.token_type, "bearer");
assert.equal(issued.issued_token_type, `${TYPE}access_token`);
assert.equal(issued.scope, "invoices:read");
assert.equal(issued.refresh_token, undefined);
const active = await introspect(server, authentication, issued.access_token);
assert.equal(active.sub, process.env.TOKENRY_SUBJECT);
assert.equal(active.client_id, client.client_id);
assert.deepEqual(active.act, { sub: client.client_id });

// Again, of what came of it; and bound to a key.
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
const bound = await oauth.processGenericTokenEndpointResponse(
  server,
  client,
  await oauth.genericTokenEndpointRequest(
    server,
    client,
    authentication,
    GRANT,
    new URLSearchParams({ ...pat, subject_token: issued.access_token, requested_token_type: `${TYPE}jwt` }),
    { ...insecure, DPoP },
  ),
);
assert.equal(bound.token_type, "dpop");
assert.equal(bound.issued_token_type, `${TYPE}jwt`);

// Another issuer's token, which the application trusts, is all a request needs.
const federated = await exchange(oauth.None(), {
  subject_token: process.env.TOKENRY_FEDERATED_TOKEN,
  subject_token_type: `${TYPE}jwt`,
  resource,
});
assert.equal((await introspect(server, authentication, federated.access_token)).sub, client.client_id);

for (const [parameters, error] of [
  [{ ...pat, subject_token: "junk" }, "invalid_request"],
  [{ ...pat, subject_token_type: `${TYPE}saml2` }, "invalid_request"],
  [{ ...pat, resource: "https://unregistered.example.com" }, "invalid_target"],
  [{ ...pat, scope: "invoices:delete" }, "invalid_scope"],
]) {
  await assert.rejects(exchange(authentication, parameters), { error, status: 400 });
}
