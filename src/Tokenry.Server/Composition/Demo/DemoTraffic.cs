using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Composition.Demo;

/// <summary>The uses of the company's credentials: each is a check at <c>/v1/verify/batch</c>, made at the hour that the story tells.</summary>
internal sealed class DemoTraffic(DemoApi api, StoryClock clock, DateTimeOffset now)
{
    /// <summary>The most that one request checks.</summary>
    private const int Batch = 100;

    /// <summary>Days that have uses in every hour; those before have them at a few.</summary>
    public const int RecentDays = 2;

    /// <summary>The day of the guesses, and how many there are.</summary>
    private const int GuessesBefore = 1;
    private const int Guesses = 140;

    private static readonly int[] SomeHours = [9, 13, 17, 21];

    private readonly Dictionary<string, string> secrets = new(StringComparer.Ordinal);
    private readonly List<DemoKey> known = [];
    private readonly DemoDice dice = new();

    /// <summary>A credential was made, or its secret rolled.</summary>
    public void Put(DemoKey key, string secret)
    {
        if (secrets.TryAdd(key.Name, secret))
        {
            known.Add(key);
        }
        else
        {
            secrets[key.Name] = secret;
        }
    }

    /// <summary>The secret that a credential has now.</summary>
    public string SecretOf(string name) => secrets[name];

    /// <summary>The uses of a day.</summary>
    /// <param name="day">Its midnight.</param>
    /// <param name="before">How many days it lies before today.</param>
    public async Task OfDayAsync(DateTimeOffset day, int before)
    {
        var hours = before <= RecentDays ? [.. Enumerable.Range(0, 24)] : SomeHours;
        var isWeekend = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        foreach (var hour in hours)
        {
            var at = day.AddHours(hour).AddMinutes(dice.Pick(50));
            if (at >= now)
            {
                break;
            }

            clock.MoveTo(at);
            var share = (hour is >= 7 and < 19 ? 1.4 : 0.4) * (isWeekend ? 0.35 : 1) / hours.Length;
            var items = known.Where(key => key.PerDay > 0 && before >= key.UsedUntil).SelectMany(key => Uses(key, share));
            await CheckAsync(items);
            if (before == GuessesBefore && hour == 3)
            {
                await CheckAsync(Enumerable.Range(0, Guesses).Select(_ => Guess()));
            }
        }
    }

    private IEnumerable<JsonNode> Uses(DemoKey key, double share)
    {
        var role = DemoCompany.Roles.Single(role => role.Name == key.Role);
        var count = Math.Max(1, (int)(key.PerDay * share * (80 + dice.Pick(40)) / 100));
        for (var i = 0; i < count; i++)
        {
            var asksTooMuch = dice.Pick(100) < key.Overreach;
            yield return new JsonObject
            {
                ["token"] = secrets[key.Name],
                ["api"] = role.Api,
                ["scopes"] = new JsonArray(asksTooMuch ? "shipments:write" : key.Scopes[dice.Pick(key.Scopes.Length)]),
                ["ip"] = $"{key.Network}.{10 + dice.Pick(3)}",
            };
        }
    }

    /// <summary>A string of the right form that the server never issued.</summary>
    private static JsonObject Guess() =>
        new()
        {
            ["token"] = CredentialString
                .Create("tkr", "key", BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16)))
                .Reveal(),
            ["api"] = DemoCompany.Shipments,
            ["scopes"] = new JsonArray("shipments:read"),
            ["ip"] = "203.0.113.66",
        };

    private async Task CheckAsync(IEnumerable<JsonNode> items)
    {
        foreach (var chunk in items.Chunk(Batch))
        {
            await api.AsAdministratorAsync(HttpMethod.Post, "/v1/verify/batch", new JsonObject { ["items"] = new JsonArray(chunk) });
        }
    }
}
