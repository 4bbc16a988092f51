namespace Tokenry.Server.Tests.Edges;

/// <summary>One way to carry a credential.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Headers">The header lines that carry it.</param>
internal sealed record CarrierForm(string Name, Func<string, (string Name, string Value)[]> Headers);

/// <summary>
/// Every way to carry a credential against one door: what is decided depends on the credential and never on the carrier (security §2 row
/// 31). A door says how it is asked and what it answered; which carriers it takes is its list.
/// </summary>
/// <param name="carriers">Those the door takes.</param>
/// <param name="send">Asks the door with these headers.</param>
internal sealed class CarrierMatrix(
    IReadOnlyList<CarrierForm> carriers,
    Func<(string Name, string Value)[], Task<(int Status, string Answer)>> send
)
{
    /// <summary>Those of the management API.</summary>
    public static readonly IReadOnlyList<CarrierForm> Management =
    [
        new("Bearer", credential => [("Authorization", "Bearer " + credential)]),
        new("bearer", credential => [("authorization", "bearer " + credential)]),
        new("token", credential => [("Authorization", "token " + credential)]),
        new("X-API-Key", credential => [("X-API-Key", credential)]),
        new("x-api-key", credential => [("x-api-key", credential)]),
    ];

    /// <summary>The one decision on a credential; the test fails where two carriers do not agree.</summary>
    public async Task<(int Status, string Answer)> DecideAsync(string credential)
    {
        var first = await send(carriers[0].Headers(credential));
        foreach (var carrier in carriers.Skip(1))
        {
            var decision = await send(carrier.Headers(credential));
            Assert.True(decision == first, $"{carrier.Name} says {decision}, {carriers[0].Name} says {first}");
        }

        return first;
    }

    /// <summary>Any two carriers at once are refused as ambiguous, whichever of the two credentials would be good.</summary>
    public async Task ExpectPairsRefusedAsync(params string[] credentials)
    {
        foreach (var one in carriers)
        {
            foreach (var other in carriers)
            {
                foreach (var (a, b) in credentials.SelectMany(a => credentials.Select(b => (a, b))))
                {
                    var (status, answer) = await send([.. one.Headers(a), .. other.Headers(b)]);
                    Assert.True(status == 400, $"{one.Name} with {other.Name}: {status} {answer}");
                }
            }
        }
    }
}
