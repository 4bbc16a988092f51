# Who may do what at the invoices, and what to try; nginx/run and caddy/run source it. Needs lib.sh.

start_invoices_api() {
  build invoices-api
  start api dotnet "$dll" --urls "http://127.0.0.1:$api_port"
  ready api "http://127.0.0.1:$api_port/"
}

make_credentials() {
  ask /v1/api-resources '{"identifier":"https://api.example.com", "name":"Invoices",
    "scopes":[{"name":"invoices:read"}, {"name":"invoices:write"}],
    "object_types":["invoice"], "objects_in_tokens":true,
    "accepted_credentials":["api_key","personal_access_token","access_token"],
    "carriers":["bearer","x_api_key","basic"]}' >/dev/null
  ask /v1/api-resources '{"identifier":"https://reports.example.com", "name":"Reports",
    "scopes":[{"name":"reports:read"}],
    "accepted_credentials":["api_key"], "carriers":["query"]}' >/dev/null

  local role app user
  role=$(ask /v1/roles '{"name":"Billing", "permissions":[
    {"api":"https://api.example.com", "scopes":["invoices:read","invoices:write"]},
    {"api":"https://reports.example.com", "scopes":["reports:read"]}]}' | jq -r .id)
  app=$(ask /v1/applications "{\"name\":\"billing-job\", \"roles\":[\"$role\"]}" | jq -r .id)
  user=$(ask /v1/users "{\"email\":\"dev@example.com\", \"name\":\"Developer\", \"roles\":[\"$role\"]}" | jq -r .id)

  local reader='"permissions":[{"api":"https://api.example.com", "scopes":["invoices:read"]}]'
  keep API_KEY "$(ask "/v1/applications/$app/api-keys" "{\"name\":\"reader\", $reader}" | jq -r .token)"
  keep ONE_INVOICE_KEY "$(ask "/v1/applications/$app/api-keys" '{"name":"one invoice", "objects":["invoice:1001"]}' | jq -r .token)"
  keep SLOW_KEY "$(ask "/v1/applications/$app/api-keys" '{"name":"once a day",
    "rate_limits":[{"name":"daily", "limit":1, "window_seconds":86400}]}' | jq -r .token)"
  keep REPORTS_KEY "$(ask "/v1/applications/$app/api-keys" '{"name":"reports",
    "permissions":[{"api":"https://reports.example.com", "scopes":["reports:read"]}]}' | jq -r .token)"
  keep PAT "$(ask "/v1/users/$user/tokens" '{"name":"laptop"}' | jq -r .token)"
  keep CLIENT_ID "$app"
  keep CLIENT_SECRET "$(ask "/v1/applications/$app/secrets" '{"name":"production"}' | jq -r .client_secret)"
}

print_what_to_try() {
  echo "The API is at $proxy. Try, in another terminal:"
  try 200 "An API key, in the header made for it" \
    "curl -i -H 'X-API-Key: $API_KEY' $proxy/invoices/1001"
  try 200 "A personal access token, as a password (the user name is anything)" \
    "curl -i -u me:$PAT $proxy/invoices/1001"
  try 200 "A client id and its secret buy a JWT" \
    "JWT=\$(curl -s -u $CLIENT_ID:$CLIENT_SECRET -d grant_type=client_credentials -d resource=https://api.example.com $tokenry/oauth/token | jq -r .access_token)
curl -i -H \"Authorization: Bearer \$JWT\" $proxy/invoices/1001"
  try 201 "Writing, with a credential that may" \
    "curl -i -H 'Authorization: Bearer $PAT' -H 'Content-Type: application/json' -d '{\"id\":\"2001\",\"customer\":\"Linus\",\"amount\":42}' $proxy/invoices"
  try 401 "Without a credential: 401, and how to send one" \
    "curl -i $proxy/invoices/1001"
  try 403 "With too little: 403, and the scope that is missing" \
    "curl -i -H 'X-API-Key: $API_KEY' -H 'Content-Type: application/json' -d '{\"id\":\"2002\",\"customer\":\"Eve\",\"amount\":1}' $proxy/invoices"
  try 403 "A key for one invoice opens no other" \
    "curl -i -H 'X-API-Key: $ONE_INVOICE_KEY' $proxy/invoices/1002"
  try 429 "A key for one request a day: the second gets 429, and when to come again" \
    "curl -s -o /dev/null -H 'X-API-Key: $SLOW_KEY' $proxy/invoices/1001
curl -i -H 'X-API-Key: $SLOW_KEY' $proxy/invoices/1001"
  try 400 "Two credentials in one request: 400" \
    "curl -i -H 'X-API-Key: $API_KEY' -H 'Authorization: Bearer $PAT' $proxy/invoices/1001"
  try 200 "A key in the URL, where an API takes it there; neither the API nor a log gets to see it" \
    "curl -i '$proxy/reports?month=2026-11&api_key=$REPORTS_KEY'"
}
