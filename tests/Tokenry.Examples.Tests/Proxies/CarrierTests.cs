using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>Every carrier opens through every proxy, the API learns who it is and gets no credential.</summary>
public sealed class CarrierTests(SharedExamples examples)
{
    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task Every_carrier_opens_and_the_API_learns_who_calls(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var (key, pat, jwt) = (example["API_KEY"], example["PAT"], await example.AccessTokenAsync());
        (string Header, string Kind)[] carriers =
        [
            ($"X-API-Key: {key}", "api_key"),
            ($"x-api-key: {pat}", "personal_access_token"),
            ($"Authorization: Bearer {key}", "api_key"),
            ($"authorization: bearer {pat}", "personal_access_token"),
            ($"Authorization: token {pat}", "personal_access_token"),
            ($"Authorization: Bearer {jwt}", "access_token"),
            (Questions.Basic(key), "api_key"),
            (Questions.Basic(pat), "personal_access_token"),
        ];
        foreach (var (header, kind) in carriers)
        {
            var request = new RawRequest("GET", "/invoices/1001?a=b") { Headers = [header] };
            var answer = await request.SendAsync(example.Proxy);
            Assert.True(answer.Status == 200, $"{header}: {answer}");
            var seen = Assert.Single(example.Seen(request.TestId));
            Assert.Equal("/invoices/1001?a=b", seen.Target);
            Assert.Equal(kind, seen.Header("X-Tokenry-Kind"));
            Assert.StartsWith(kind == "personal_access_token" ? "usr_" : "app_", seen.Header("X-Tokenry-Subject"));
            Assert.Empty(Secrets(seen, key, pat, jwt));
        }
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task A_key_in_the_query_opens_where_the_API_takes_it_and_goes_no_further(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var key = example["REPORTS_KEY"];
        string[] targets =
        [
            $"/reports?month=2026-11&api_key={key}",
            $"/reports?api_key={key}&month=2026-11",
            $"/reports?month=2026-11&API_KEY={key}",
            $"/reports?month=2026-11&%61pi%5fkey={string.Concat(key.Select(c => $"%{(int)c:x2}"))}",
            $"/reports?month=2026-11&key={key}",
        ];
        foreach (var target in targets)
        {
            var request = new RawRequest("GET", target) { Headers = [$"Referer: http://x/?api_key={key}x"] };
            var answer = await request.SendAsync(example.Proxy);
            Assert.True(answer.Status == 200, $"{target}: {answer}");
            var seen = Assert.Single(example.Seen(request.TestId));
            Assert.Equal("/reports?month=2026-11", seen.Target);
        }

        // Elsewhere it is refused: a key of ours has no place in that API's URLs.
        var misplaced = new RawRequest("GET", $"/invoices/1001?api_key={example["API_KEY"]}");
        Assert.Equal(400, (await misplaced.SendAsync(example.Proxy)).Status);
        Assert.Empty(example.Seen(misplaced.TestId));
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task The_API_gets_a_JWT_where_its_place_asks_for_one(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var request = new RawRequest("GET", "/whoami") { Headers = [$"X-API-Key: {example["API_KEY"]}", "X-Tokenry-Jwt: evil"] };
        Assert.Equal(200, (await request.SendAsync(example.Proxy)).Status);
        var jwt = Assert.Single(example.Seen(request.TestId)).Header("X-Tokenry-Jwt");
        var verified = await example.Admin.PostAsync("/v1/verify", new { token = jwt, api = Questions.Api }).Expect(200);
        Assert.Equal("valid", verified.Text("code"));
        Assert.Equal(example["CLIENT_ID"], verified.Text("subject"));
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task A_body_goes_to_the_API_whole_and_long_identities_pass(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var objects = Enumerable.Range(0, 60).Select(number => $"invoice:{new string('x', 100)}{number}*").ToArray();
        var key = await example.ApiKeyAsync(new { objects = (string[])["invoice:1001", .. objects] });
        var read = new RawRequest("GET", "/invoices/1001") { Headers = [$"X-API-Key: {key.Secret}"] };
        Assert.Equal(200, (await read.SendAsync(example.Proxy)).Status);
        Assert.EndsWith(objects[^1], Assert.Single(example.Seen(read.TestId)).Header("X-Tokenry-Objects"));

        var customer = new string('c', 200_000);
        var body = $$"""{"id":"{{read.TestId}}","customer":"{{customer}}","amount":1}""";
        var write = new RawRequest("POST", "/invoices") { Headers = [$"X-API-Key: {example["PAT"]}"], Body = body };
        var answer = await write.SendAsync(example.Proxy);
        Assert.Equal(201, answer.Status);
        Assert.Contains(customer, answer.Body);
    }

    private static IEnumerable<string> Secrets(SeenRequest seen, params string[] secrets)
    {
        var named = secrets.ToDictionary(secret => secret[..10], StringComparer.Ordinal);
        var text = string.Join('\n', seen.Headers.Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Append(seen.Target));
        return SecretForms.Found(named, System.Text.Encoding.UTF8.GetBytes(text), "upstream");
    }
}
