using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Edges;

/// <summary>What strangers write never becomes a line of its own, nor hides one (security §2 row 39, CWE-117).</summary>
public sealed class LogInjectionTests
{
    private const string Forged = "forged-event";
    private const int BreaksAPlace = 3;

    private static readonly string[] Breaks =
    [
        $"a\r\n{{\"LogLevel\":\"Critical\",\"Message\":\"{Forged}\"}}",
        $"a\n{Forged}",
        $"a\r{Forged}",
        $"a\u001b[2K{Forged}",
        $"a\u2028{Forged}",
        $"a\u2029{Forged}",
        $"a\u0085{Forged}",
        $"a\u202e{Forged}",
        $"a\u2066{Forged}",
        $"a\0{Forged}",
        $"a\u0008{Forged}",
        $"a\"}}{Forged}",
    ];

    /// <summary>Every text in every request there is, at the level that logs the most.</summary>
    [Fact]
    public async Task An_event_is_one_line_of_JSON_whatever_a_request_says()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Logging:LogLevel:Default"] = "Trace",
            ["Logging:LogLevel:Microsoft"] = "Trace",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Trace",
        };
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Settings = settings });
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().User(_ => new { password = (string?)null }).CreateAsync();
        var target = new Target(made.ApiKey.Id, made.Application.Id);
        var (stored, turn) = (0, 0);
        foreach (
            var route in (await Route.AllAsync()).Where(route =>
                route.Method is "POST" or "PATCH" && route.Path.StartsWith("/v1/", StringComparison.Ordinal)
            )
        )
        {
            var call = Call.To(route, target, made.Api.Identifier);
            foreach (var body in Spoilt(call.Body, () => Breaks[turn++ % Breaks.Length]))
            {
                var answer = await admin.SendAsync(new HttpMethod(route.Method), call.Path, body);
                Assert.True(answer.Status < 500, $"{route}: {answer.Status} for {body}");
                stored += answer.Status is 200 or 201 ? 1 : 0;
            }
        }

        foreach (var text in Breaks)
        {
            var escaped = Uri.EscapeDataString(text);
            await admin.DeleteAsync($"/v1/roles/{escaped}?reason={escaped}");
            await admin.GetAsync($"/v1/users?limit={escaped}&{escaped}=x");
            await admin.GetAsync($"/{escaped}");
            await admin
                .With(null)
                .FormAsync("/oauth/token", [("grant_type", text), ("scope", text), ("client_id", text), ("client_secret", text)]);
            await admin.With(null).FormAsync("/oauth/token", [("grant_type", "client_credentials")], ("id" + text, text));
            await admin.With(null).FormAsync("/oauth/introspect?token=" + escaped, [("token", text)]);
        }

        // Nothing of the kind is in what others will read, either.
        var audit = await admin.GetAsync("/v1/audit?limit=200").Expect(200);
        // What was changed is told as it was sent, as a JSON string; no other member takes a request's words.
        foreach (var item in audit.Json.GetProperty("items").EnumerateArray())
        {
            foreach (var member in item.EnumerateObject().Where(member => member.Name != "changes"))
                Assert.DoesNotContain(
                    Forged,
                    member.Value.GetRawText().Replace($"a\\\"}}{Forged}", "", StringComparison.Ordinal),
                    StringComparison.Ordinal
                );
        }

        Assert.DoesNotContain(audit.Body, character => char.IsControl(character) || character is '\u2028' or '\u2029');
        Assert.True(stored > 0, "nothing was taken: the requests do not get as far as a log");

        Assert.Equal(0, await server.StopAsync());
        Assert.True(server.StandardOutput.Count > 500, "the level is not the one that logs the most");
        Assert.Empty(server.StandardError);
        foreach (var line in server.StandardOutput)
        {
            Assert.All(line, character => Assert.True(character is >= ' ' and <= '~', $"U+{(int)character:X4} in {line}"));
            using var entry = JsonDocument.Parse(line);
            Assert.NotEqual("Critical", entry.RootElement.GetProperty("LogLevel").GetString());
            Assert.NotEqual(Forged, entry.RootElement.GetProperty("Message").GetString());
        }
    }

    /// <summary>The body with each of its members replaced by some of the breaks, which take their turns, and with those where no request has a text.</summary>
    private static IEnumerable<string> Spoilt(object? body, Func<string> next)
    {
        if (body is not null && JsonSerializer.SerializeToNode(body, body.GetType()) is not JsonObject)
            yield break; // a list has no members to break

        var usual = body is null ? new JsonObject() : JsonSerializer.SerializeToNode(body, body.GetType())!.AsObject();
        foreach (var member in usual.Select(pair => pair.Key).Concat(["description", "metadata", next()]))
        {
            for (var i = 0; i < BreaksAPlace; i++)
            {
                var text = next();
                var spoilt = usual.DeepClone().AsObject();
                spoilt[member] =
                    member == "metadata" ? new JsonObject { [text] = text }
                    : spoilt[member] is JsonArray ? new JsonArray(text)
                    : text;
                yield return spoilt.ToJsonString();
            }
        }
    }
}
