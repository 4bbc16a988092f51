using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>A log archive opens nothing: no credential is in any log of proxy, Tokenry or API, in whatever form it came.</summary>
public sealed class LogTests(SharedExamples examples)
{
    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task No_credential_is_in_any_log(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var places = new List<RawRequest>();
        foreach (var name in new[] { "API_KEY", "ONE_INVOICE_KEY", "REPORTS_KEY", "PAT", "CLIENT_SECRET" })
        {
            var secret = example[name];
            var encoded = string.Concat(secret.Select(c => $"%{(int)c:X2}"));
            foreach (var path in new[] { "/invoices", "/invoices/1001", "/reports", "/nowhere", "/whoami" })
            {
                places.Add(Get(path, $"X-API-Key: {secret}"));
                places.Add(Get(path, $"Authorization: Bearer {secret}"));
                places.Add(Get(path, $"Authorization: {secret}"));
                places.Add(Get(path, Questions.Basic(secret)));
                places.Add(Get(path, $"Referer: http://x/?api_key={secret}", $"User-Agent: x", $"Cookie: api_key={secret}"));
                places.Add(Get($"{path}?api_key={secret}"));
                places.Add(Get($"{path}?key={encoded}&x=1"));
                places.Add(Get($"{path}?access_token={secret}"));
                places.Add(Get($"{path}?api_key={secret}", $"X-API-Key: {secret}"));
                places.Add(Get(path, $"X-API-Key: {secret}", $"Content-Length: x{secret}"));
            }
        }

        await Parallel.ForEachAsync(places, async (place, _) => await place.SendAsync(example.Proxy));
        var last = Get("/invoices/1001?last", $"X-API-Key: {example["API_KEY"]}");
        await last.SendAsync(example.Proxy);
        Assert.Single(example.Seen(last.TestId));

        var names = example.Logs().Select(Path.GetFileName).ToList();
        Assert.Superset(new HashSet<string?> { "tokenry.log", "api.log", $"{proxy}.log" }, names.ToHashSet());
        var access = File.ReadAllText(example.Logs().Single(path => Path.GetFileName(path) is "access.log" or "caddy.json"));
        Assert.Contains("/nowhere", access); // it is the right thing, and complete
        Assert.Empty(example.Leaks());
    }

    private static RawRequest Get(string target, params string[] headers) => new("GET", target) { Headers = headers };
}
