using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Tokenry.Chaos.Tests.Harness;

/// <summary>What is wrong with a fake server.</summary>
public enum Lie
{
    None,
    LosesKeys,
    ForgetsRevocations,
    AcceptsSupersededSecrets,
    AnswersServerErrors,
    TellsTheSameSecretTwice,

    /// <summary>No lie: the work is done, and every third answer is 503 or a closed connection.</summary>
    LosesAnswers,
}

/// <summary>Just enough of the API in memory, with a lie to choose: a checker that finds nothing must first have found something.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<string, (string KeyId, string Code)> _secrets = new(StringComparer.Ordinal);
    private readonly Lie _lie;
    private int _counter;

    public FakeServer(Lie lie = Lie.None)
    {
        _lie = lie;
        Address = $"http://127.0.0.1:{FreePort.Next()}";
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(Address);
        _application = builder.Build();
        _application.Run(AnswerAsync);
        _application.Start();
    }

    public string Address { get; }

    /// <summary>Every request: method, path, headers, body.</summary>
    public ConcurrentQueue<(string Method, string Path, IReadOnlyDictionary<string, string?> Headers, string Body)> Requests { get; } =
        new();

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var (method, path) = (context.Request.Method, context.Request.Path.Value!);
        var headers = context.Request.Headers.ToDictionary(
            header => header.Key,
            header => (string?)header.Value,
            StringComparer.OrdinalIgnoreCase
        );
        Requests.Enqueue((method, path, headers, body));
        var (status, answer) = Handle(method, path.Trim('/').Split('/'), body);
        if (_lie == Lie.LosesAnswers && path.Contains("api-keys", StringComparison.Ordinal))
        {
            switch (Interlocked.Increment(ref _counter) % 6)
            {
                case 0:
                    context.Abort();
                    return;
                case 3:
                    status = 503;
                    break;
            }
        }
        context.Response.StatusCode = status;
        if (answer is not null)
            await context.Response.WriteAsync(answer.ToJsonString());
    }

    private (int Status, JsonObject? Answer) Handle(string method, string[] path, string body) =>
        (method, path) switch
        {
            ("POST", ["v1", "verify"]) => Verify((string)JsonNode.Parse(body)!["token"]!),
            ("POST", ["v1", "applications", _, "api-keys"]) => Create(),
            ("POST", ["v1", "applications", _, "secrets"]) => (201, Record(Next("sec"), "client_secret", Next("secret"))),
            ("POST", ["v1", "users", _, "tokens"]) => (201, Record(Next("pat"), "token", Next("secret"))),
            ("POST", ["v1", "api-keys", var id, "rotate"]) => Rotate(id, (int)JsonNode.Parse(body)!["overlap_seconds"]!),
            ("DELETE", ["v1", "api-keys", var id]) => Revoke(id),
            ("POST", ["v1", var noun]) => (201, Echo(noun, body)),
            _ => (404, new JsonObject { ["code"] = "not_found" }),
        };

    private (int, JsonObject?) Verify(string token)
    {
        var code = _secrets.TryGetValue(token, out var secret) ? secret.Code : "unknown";
        return (200, new JsonObject { ["valid"] = code == "valid", ["code"] = code });
    }

    private (int, JsonObject?) Create()
    {
        if (_lie == Lie.AnswersServerErrors && Interlocked.Increment(ref _counter) % 10 == 0)
            return (500, null);
        var (id, token) = (Next("key"), _lie == Lie.TellsTheSameSecretTwice ? "the-same-0" : Next("secret"));
        if (_lie != Lie.LosesKeys || Interlocked.Increment(ref _counter) % 10 != 0)
            _secrets[token] = (id, "valid");
        return (201, Record(id, "token", token));
    }

    private (int, JsonObject?) Rotate(string id, int overlap)
    {
        var alive = _secrets.Where(secret => secret.Value == (id, "valid")).Select(secret => secret.Key).ToArray();
        var current = alive.MaxBy(token => int.Parse(token[(token.LastIndexOf('-') + 1)..], provider: null));
        foreach (var token in alive)
        {
            var stays = overlap > 0 && token == current;
            if (!stays && _lie != Lie.AcceptsSupersededSecrets)
                _secrets[token] = (id, "revoked");
        }
        var next = Next("secret");
        _secrets[next] = (id, "valid");
        return (200, Record(id, "token", next));
    }

    private (int, JsonObject?) Revoke(string id)
    {
        foreach (var token in _secrets.Where(secret => secret.Value.KeyId == id).Select(secret => secret.Key).ToArray())
        {
            if (_lie != Lie.ForgetsRevocations)
                _secrets[token] = (id, "revoked");
        }
        return (204, null);
    }

    private JsonObject Echo(string noun, string body)
    {
        var record = JsonNode.Parse(body)!.AsObject();
        record["id"] = Next(noun);
        return record;
    }

    private static JsonObject Record(string id, string secretName, string secret) => new() { ["id"] = id, [secretName] = secret };

    private string Next(string prefix) => CreateRequests.Unique(prefix);
}
