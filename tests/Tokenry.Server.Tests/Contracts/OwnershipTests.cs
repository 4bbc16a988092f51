namespace Tokenry.Server.Tests.Contracts;

/// <summary>
/// Every route that names a thing, called about what is one's own, somebody else's, nobody's, malformed and deleted. What is somebody
/// else's must look exactly like what does not exist, and must be as it was afterwards.
/// </summary>
public sealed class OwnershipTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task What_is_ones_own_opens_and_somebody_elses_is_as_if_it_were_not_there(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var faults = new List<string>();
        foreach (var route in await OwnableAsync())
        {
            var developer = await Actor.DeveloperAsync(admin);
            var foreign = await Actor.ForeignAsync(route, admin);
            var before = await SnapshotAsync(admin, route, foreign);
            var unknown = await AnswerAsync(route, developer.Client, Target.Nobody);
            var theirs = await AnswerAsync(route, developer.Client, foreign);
            if (!theirs.StartsWith("404", StringComparison.Ordinal) || theirs != unknown)
            {
                faults.Add($"{route}\n  foreign {theirs}\n  unknown {unknown}");
            }

            if (await SnapshotAsync(admin, route, foreign) != before)
            {
                faults.Add($"{route} changed what is somebody else's");
            }

            var own = await Call.To(route, (await developer.OwnAsync(route, admin))!).SendAsync(developer.Client);
            if (own.Status is not (>= 200 and < 300))
            {
                faults.Add($"{route}, one's own: {own.Status} {own.Body}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory, BothEngines]
    public async Task A_malformed_id_is_as_if_it_were_not_there(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var developer = await Actor.DeveloperAsync(admin);
        string[] malformed =
        [
            "x",
            "key_",
            "key_00000000000000000000A",
            "KEY_000000000000000000000A",
            "evt_000000000000000000000A",
            "'%20OR%201=1--",
            "%0A",
            new('a', 2000),
        ];
        foreach (var route in (await OwnableAsync()).Where(route => route.Path.Contains("{id}", StringComparison.Ordinal)))
        {
            foreach (var client in new[] { developer.Client, admin })
            {
                var unknown = await AnswerAsync(route, client, Target.Nobody);
                foreach (var id in malformed)
                {
                    var answer = await AnswerAsync(route, client, new Target(id));
                    Assert.True(answer == unknown, $"{route} about {id}\n  {answer}\n  not as about an unknown id\n  {unknown}");
                }
            }
        }
    }

    [Theory, BothEngines]
    public async Task A_things_id_under_another_collection_or_owner_is_as_if_it_were_not_there(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var developer = await Actor.DeveloperAsync(admin);
        var one = await developer.Client.CreateApplicationAsync([]);
        var two = await developer.Client.CreateApplicationAsync([]);
        var key = (await admin.CreateApiKeyAsync(one.Id)).Id;
        var secret = (await admin.CreateClientSecretAsync(one.Id)).Id;
        var pat = (await admin.CreatePersonalAccessTokenAsync(developer.UserId)).Id;
        using var pair = ClientKey.Make();
        using var issuer = new ForeignIssuer();
        var publicKey = await admin.CreatePublicKeyAsync(one.Id, pair);
        var ids = new Dictionary<string, string>
        {
            ["key"] = key,
            ["sec"] = secret,
            ["jwk"] = publicKey.Text("id"),
            ["fed"] = (await admin.CreateFederatedIdentityAsync(one.Id, issuer)).Text("id"),
            ["crt"] = (await admin.CreateCertificateAsync(one.Id)).Text("id"),
            ["pat"] = pat,
            ["app"] = one.Id,
            ["usr"] = developer.UserId,
        };
        foreach (var route in (await OwnableAsync()).Where(route => route.Path.Contains("{id}", StringComparison.Ordinal)))
        {
            var prefix = Call.Prefix(route.Path);
            var owner = Call.OwnerPrefix(route.Path) == "usr" ? developer.UserId : one.Id;
            if (prefix == "ses")
            {
                continue; // no other collection has sessions
            }

            foreach (var client in new[] { developer.Client, admin })
            {
                var unknown = await AnswerAsync(route, client, Target.Nobody);
                var takesAll = route.Path.StartsWith("/v1/credentials/{id}", StringComparison.Ordinal);
                foreach (
                    var (_, id) in ids.Where(id => id.Key != prefix && !(takesAll && id.Key is "sec" or "jwk" or "crt" or "fed" or "pat"))
                )
                {
                    Assert.Equal(unknown, await AnswerAsync(route, client, new Target(id, owner)));
                }

                if (route.Path.Contains("{owner}", StringComparison.Ordinal))
                {
                    var other = Call.OwnerPrefix(route.Path) == "usr" ? (await Actor.WithoutScopesAsync(admin)).UserId : two.Id;
                    Assert.Equal(unknown, await AnswerAsync(route, client, new Target(ids[prefix], other)));
                }
            }
        }
    }

    [Theory, BothEngines]
    public async Task A_deleted_application_is_as_if_it_had_never_been_but_for_deleting_it_again(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var developer = await Actor.DeveloperAsync(admin);
        var application = await developer.Client.CreateApplicationAsync([]);
        await developer.Client.DeleteAsync($"/v1/applications/{application.Id}").Expect(204);
        foreach (var route in (await OwnableAsync()).Where(route => route.Path.StartsWith("/v1/applications/", StringComparison.Ordinal)))
        {
            var target = new Target(
                route.Path.Contains("{owner}", StringComparison.Ordinal) ? Call.UnknownId(Call.Prefix(route.Path)) : application.Id,
                application.Id
            );
            var answer = await AnswerAsync(route, developer.Client, target);
            if (route is { Method: "DELETE", Path: "/v1/applications/{id}" })
            {
                Assert.StartsWith("204", answer, StringComparison.Ordinal);
                continue;
            }

            Assert.Equal(await AnswerAsync(route, developer.Client, Target.Nobody), answer);
        }
    }

    [Theory, BothEngines]
    public async Task A_revoked_token_of_somebody_else_is_as_if_it_were_not_there(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var developer = await Actor.DeveloperAsync(admin);
        foreach (var route in (await OwnableAsync()).Where(route => route.Path.EndsWith("tokens/{id}", StringComparison.Ordinal)))
        {
            var foreign = await Actor.ForeignAsync(route, admin);
            await admin.DeleteAsync($"/v1/tokens/{foreign.Id}").Expect(204);
            Assert.Equal(await AnswerAsync(route, developer.Client, Target.Nobody), await AnswerAsync(route, developer.Client, foreign));
        }
    }

    /// <summary>Routes below which a developer has things of their own.</summary>
    private static async Task<List<Route>> OwnableAsync() =>
        [
            .. (await Route.OfCallersAsync()).Where(route =>
                route.HasTarget && route.Needs.Any(scope => scope.EndsWith(":own", StringComparison.Ordinal))
            ),
        ];

    /// <summary>Status, headers and body, but for what is new in every answer.</summary>
    private static async Task<string> AnswerAsync(Route route, ApiClient client, Target target)
    {
        var answer = await Call.To(route, target).SendAsync(client);
        var headers = answer
            .Headers.Where(header => !header.Key.Equals("X-Request-Id", StringComparison.OrdinalIgnoreCase) && header.Key != "Date")
            .OrderBy(header => header.Key, StringComparer.Ordinal)
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        var body = answer.Body.Replace(answer.Header("X-Request-Id")!, "req_…", StringComparison.Ordinal);
        return $"{answer.Status} {body} [{string.Join("; ", headers)}]";
    }

    private static async Task<string> SnapshotAsync(ApiClient admin, Route route, Target foreign)
    {
        var isUser = Call.OwnerPrefix(route.Path) == "usr" || Call.Prefix(route.Path) is "pat" or "ses" or "ntc" or "rrq";
        var owner = isUser ? $"/v1/users/{foreign.Owner}" : $"/v1/applications/{foreign.Owner}";
        var credentials = await admin.GetAsync($"/v1/credentials?owner={foreign.Owner}").Expect(200);
        return (await admin.GetAsync(owner).Expect(200)).Body + credentials.Body;
    }
}
