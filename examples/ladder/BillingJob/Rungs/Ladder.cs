namespace BillingJob.Rungs;

/// <summary>The rungs, weakest first, and how to find the best.</summary>
internal sealed class Ladder
{
    public static readonly string[] Names = ["api-key", "signed", "secret", "private-key", "dpop", "mtls", "federated"];

    private readonly IRung[] _rungs;
    private readonly IRung[] _bestFirst;

    public Ladder(Home home, Connections connections, ServerMetadata server)
    {
        var tokens = new TokenEndpoint(home, connections, server);
        var secret = new ClientSecret(home, tokens);
        var privateKey = new PrivateKeyJwt(home, tokens, server);
        var dpop = new Dpop(privateKey, tokens, server);
        var mutualTls = new MutualTls(home, tokens, server);
        _rungs = [new ApiKey(home), new SignedRequest(home), secret, privateKey, dpop, mutualTls, new Federated(tokens)];
        // By what each proves; the application's own list at the server has the same order, so that stepping down shows there.
        _bestFirst = [mutualTls, dpop, privateKey, secret];
    }

    /// <summary>The rung of that name or none.</summary>
    public async Task<IRung> TakeAsync(string name, HttpRequestMessage request)
    {
        var rung = Array.Find(_rungs, rung => rung.Name == name) ?? throw new Refusal($"There is no rung {name}.");
        if (rung.Obstacle is { } obstacle)
        {
            throw new Refusal($"{name}: {obstacle}");
        }

        await rung.AuthorizeAsync(request);
        return rung;
    }

    /// <summary>
    /// The best rung that job and server both have; why a better one was left goes to stderr. How far down is the API's to say: where it asks for more
    /// than a rung gives, the token endpoint refuses, and what is weaker is not tried.
    /// </summary>
    public async Task<IRung> ClimbAsync(HttpRequestMessage request)
    {
        foreach (var rung in _bestFirst)
        {
            if (rung.Obstacle is { } obstacle)
            {
                Say(rung, obstacle);
                continue;
            }

            try
            {
                await rung.AuthorizeAsync(request);
                Say(rung, "taken");
                return rung;
            }
            catch (TokenRefused refused) when (refused.IsAboutTarget)
            {
                throw new Refusal($"{rung.Name}: {refused.Message}; nothing weaker is tried");
            }
            catch (Exception e) when (e is TokenRefused or HttpRequestException)
            {
                Say(rung, e.Message);
            }
        }

        throw new Refusal("No rung is left.");

        static void Say(IRung rung, string words) => Console.Error.WriteLine($"{rung.Name}: {words}");
    }
}
