// oauth4webapi over mutual TLS: the client takes the aliases of the metadata, and its token opens nothing without the certificate.
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { accessToken, assert, client, discover, insecure, oauth } from "./tokenry.mjs";

const ca = readFileSync(process.env.TOKENRY_TLS_CA);
const read = (name) => ({ cert: readFileSync(`${name}.pem`), key: readFileSync(`${name}.key`) });
const own = read(process.env.TOKENRY_CERTIFICATE);
const stranger = read(process.env.TOKENRY_OTHER_CERTIFICATE);

// fetch, with a client certificate or without one.
const presenting = (certificate) => (url, { method, headers, body }) =>
  new Promise((resolve, reject) => {
    const sent = request(url, { ca, ...certificate, method, headers: Object.fromEntries(new Headers(headers)), agent: false }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve(new Response(Buffer.concat(parts), { status: answer.statusCode, headers: answer.headers })));
    });
    sent.on("error", reject);
    sent.end(body?.toString());
  });
const by = (certificate) => ({ ...insecure, [oauth.customFetch]: presenting(certificate) });

const server = await discover();
assert.ok(server.token_endpoint_auth_methods_supported.includes(process.env.TOKENRY_METHOD));
assert.equal(server.tls_client_certificate_bound_access_tokens, true);
client.use_mtls_endpoint_aliases = true;
const authentication = oauth.TlsClientAuth();
const get = (certificate) => accessToken(server, authentication, { resource: "urn:tokenry:management" }, by(certificate));

const issued = await get(own);
assert.equal(issued.token_type, "bearer");
for (const certificate of [stranger, undefined]) {
  await assert.rejects(get(certificate), (refusal) => refusal.status === 401);
}

const response = await oauth.introspectionRequest(server, client, authentication, issued.access_token, by(own));
const active = await oauth.processIntrospectionResponse(server, client, response);
assert.equal(active.active, true);
assert.equal(active.cnf["x5t#S256"], createHash("sha256").update(new X509Certificate(own.cert).raw).digest("base64url"));

const me = new URL("/v1/me", server.mtls_endpoint_aliases.token_endpoint);
const call = (certificate) =>
  oauth.protectedResourceRequest(issued.access_token, "GET", me, undefined, undefined, by(certificate)).then(
    (answer) => answer.status,
    (refusal) => refusal.status,
  );
assert.equal(await call(own), 200);
assert.equal(await call(stranger), 401);
assert.equal(await call(undefined), 401);
