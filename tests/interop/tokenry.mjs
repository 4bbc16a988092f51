// What the C# test tells the scripts: a client, its secret, and the API it may use. Plain http is for loopback only.
import "./webcrypto.mjs";
import { strict as assert } from "node:assert";
import * as oauth from "oauth4webapi";

export { assert, oauth };

export const insecure = { [oauth.allowInsecureRequests]: true };
export const issuer = new URL(process.env.TOKENRY_ISSUER);
export const client = { client_id: process.env.TOKENRY_CLIENT_ID };
export const secret = process.env.TOKENRY_CLIENT_SECRET;
export const resource = process.env.TOKENRY_RESOURCE;
export const algorithm = process.env.TOKENRY_SIGNING_ALG;

export async function discover() {
  const response = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
  return await oauth.processDiscoveryResponse(issuer, response);
}

export async function accessToken(server, authentication, parameters = { resource }, options = insecure) {
  const response = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    authentication,
    new URLSearchParams(parameters),
    options,
  );
  return await oauth.processClientCredentialsResponse(server, client, response);
}

export async function introspect(server, authentication, token) {
  const response = await oauth.introspectionRequest(server, client, authentication, token, insecure);
  return await oauth.processIntrospectionResponse(server, client, response);
}
