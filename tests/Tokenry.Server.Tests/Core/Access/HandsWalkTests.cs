using System.Globalization;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Core.Access;

using static ManagementCalls;

/// <summary>
/// Random walks of a caller who may change principals, roles and APIs, but names r alone and makes credentials for nobody else: whatever the order of its steps, no secret that
/// it got opens w.
/// </summary>
public sealed class HandsWalkTests(SharedServers servers)
{
    private const int Steps = 200;

    [Theory]
    [BothEngines(1)]
    [BothEngines(2)]
    [BothEngines(3)]
    public async Task No_way_leads_to_a_right_that_the_first_credential_did_not_have(Engine engine, int seed)
    {
        var walk = await Walk.ArrangeAsync(await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine)), new Random(seed));
        for (var step = 1; step <= Steps; step++)
        {
            await walk.StepAsync();
            if (step % 20 == 0)
            {
                await walk.ExpectNarrowAsync();
            }
        }

        Assert.True(walk.Got > 10, $"a walk that gets {walk.Got} secrets shows nothing:\n{walk.Log}");
    }

    private sealed class Walk(HandsWorld world, Random random, string[] roles, List<string> applications, string[] users, string reads)
    {
        private readonly List<ApiClient> callers = [world.Weak];
        private readonly List<string> tokens = [];
        private readonly List<(string Id, string Secret)> clients = [];
        private readonly List<string> log = [];

        /// <summary>One in which the user may get both rights, and one of whose members may have them.</summary>
        public required string Organization { get; init; }

        public string Log => string.Join('\n', log);

        public int Got => tokens.Count + clients.Count;

        private object[] Some =>
            random.Next(10) switch
            {
                0 => [],
                1 => [At(world.Api, "w")],
                2 => [world.Read, At(Management, "applications:own", "applications:write", "tokens:own")],
                3 => world.Both,
                _ => [world.Read],
            };

        private string[] SomeRoles => [.. roles.Where(_ => random.Next(4) == 0)];

        /// <summary>Rather one of the youngest: most that were there are out of reach.</summary>
        private string Application => random.Next(2) == 0 ? Any(applications) : Any([.. applications.TakeLast(4)]);

        private ApiClient Caller => random.Next(2) == 0 ? world.Weak : Any(callers);

        public static async Task<Walk> ArrangeAsync(HandsWorld world, Random random)
        {
            var admin = world.Admin;
            string[] roles = [(await admin.CreateRoleAsync([world.Read])).Id, (await admin.CreateRoleAsync(world.Both)).Id];
            var reads = (await admin.CreateRoleAsync([world.Read])).Id;
            var victim = await admin.PersonAsync(world.RoleId);
            var applications = new List<string>();
            foreach (
                var (owner, isWide) in new[] { (null, false), (null, true), (victim.Id, true), (world.UserId, true), (world.UserId, false) }
            )
            {
                var id = await world.ForeignAsync();
                if (isWide)
                {
                    await world.WidenAsync(id);
                }

                await admin.PostAsync($"/v1/applications/{id}/transfer", new { owner }).Expect(200);
                await admin.CreateClientSecretAsync(id, new { expires_at = In(3000) });
                await admin.CreateApiKeyAsync(id, new { permissions = "owner", expires_at = In(3000) });
                applications.Add(id);
            }

            await admin.CreatePersonalAccessTokenAsync(world.UserId, new { permissions = world.Both, expires_at = In(3000) });
            var organization = (await admin.PostAsync("/v1/organizations", new { name = "x" }).Expect(201)).Text("id");
            foreach (var member in new[] { applications[0], applications[1], world.UserId })
                await admin.PostAsync($"/v1/organizations/{organization}/members", new { member, roles }).Expect(200);
            await admin.CreatePersonalAccessTokenAsync(
                world.UserId,
                new
                {
                    permissions = world.Both,
                    organization_id = organization,
                    expires_at = In(3000),
                }
            );
            return new Walk(world, random, roles, applications, [world.UserId, victim.Id, (await admin.PersonAsync()).Id], reads)
            {
                Organization = organization,
            };
        }

        /// <summary>One request; what it says is of no matter, what it gives is kept.</summary>
        public async Task StepAsync()
        {
            var (what, answer) = random.Next(28) switch
            {
                0 => (
                    "application",
                    await Caller.PostAsync(
                        "/v1/applications",
                        new
                        {
                            name = "x",
                            permissions = Some,
                            roles = SomeRoles,
                        }
                    )
                ),
                1 or 2 => ("transfer", await Caller.PostAsync($"/v1/applications/{Application}/transfer", new { owner = AnyOwner() })),
                3 or 14 or 15 => await SecretAsync(Application),
                4 or 16 or 17 => await KeyAsync(Application),
                5 or 18 or 19 => await RotateAsync(Any([.. applications, world.UserId])),
                6 => ("permissions", await Caller.PatchAsync($"/v1/applications/{Application}", new { permissions = Some })),
                7 => ("roles", await Caller.PatchAsync($"/v1/applications/{Application}", new { roles = SomeRoles })),
                8 => ("role", await Caller.PatchAsync($"/v1/roles/{Any(roles)}", new { permissions = Some })),
                9 => ("user", await Caller.PatchAsync($"/v1/users/{users[random.Next(1, 3)]}", new { roles = SomeRoles })),
                10 or 20 or 21 => ("token", await Caller.PostAsync("/v1/me/tokens", new { name = "x", permissions = Some })),
                11 => ("implies", await ImplyAsync()),
                12 => await PauseAsync(),
                22 => ("join", await Caller.PostAsync(Members, new { member = AnyMember(), roles = (string[])[.. SomeRoles, reads] })),
                23 => ("leave", await Caller.DeleteAsync($"{Members}/{AnyMember()}")),
                24 => (
                    "belong",
                    await Caller.PostAsync(
                        $"/v1/applications/{Application}/transfer",
                        new { owner = (string?)null, organization_id = Organization }
                    )
                ),
                25 => ("token there", await Caller.PostAsync("/v1/me/tokens", There())),
                26 => ("key there", await Caller.PostAsync($"/v1/applications/{Application}/api-keys", There())),
                27 => await OpenAsync(),
                _ => ("demotion", await DemoteAsync()),
            };
            log.Add(string.Create(CultureInfo.InvariantCulture, $"{log.Count + 1} {what} {answer.Status}"));
            Keep(what, answer);
        }

        public async Task ExpectNarrowAsync()
        {
            foreach (var token in tokens)
            {
                Assert.True(await world.Admin.CodeAsync(token, world.Api, ["w"]) != "valid", Log);
            }

            foreach (var client in clients)
            {
                foreach (var there in new (string, string)[][] { [], [("organization_id", Organization)] })
                {
                    var bought = await world.Admin.With(null).TokenAsync(client, [("resource", world.Api), .. there]);
                    Assert.True(bought.Status != 200 || !bought.Text("scope").Split(' ').Contains("w"), Log);
                }
            }
        }

        private void Keep(string what, ApiResponse answer)
        {
            if (answer.Status is not (200 or 201))
            {
                return;
            }

            if (what == "application")
            {
                applications.Add(answer.Text("id"));
            }
            else if (answer.Json.TryGetProperty("client_secret", out var secret) && secret.GetString() is { } client)
            {
                clients.Add((answer.Text("owner.id"), client));
            }
            else if (answer.Json.TryGetProperty("token", out var shown) && shown.GetString() is { } token)
            {
                tokens.Add(token);
                callers.Add(world.Admin.With(token));
            }
        }

        private async Task<(string, ApiResponse)> SecretAsync(string application) =>
            ("secret", await Caller.PostAsync($"/v1/applications/{application}/secrets", new { name = "x" }));

        private async Task<(string, ApiResponse)> KeyAsync(string application) =>
            ("key", await Caller.PostAsync($"/v1/applications/{application}/api-keys", new { name = "x", permissions = Some }));

        private async Task<(string, ApiResponse)> RotateAsync(string owner)
        {
            var listed = await world.Admin.GetAsync($"/v1/credentials?owner={owner}&state=active").Expect(200);
            var ids = listed.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!).ToList();
            if (ids.Count == 0)
            {
                return ("nothing", listed);
            }

            var id = Any(ids);
            var path =
                id.StartsWith("sec", StringComparison.Ordinal) ? $"/v1/applications/{owner}/secrets/{id}"
                : id.StartsWith("key", StringComparison.Ordinal) ? $"/v1/api-keys/{id}"
                : $"/v1/me/tokens/{id}";
            return ("rotation", await Caller.PostAsync(path + "/rotate", new { overlap_seconds = 600, expires_at = In(2900) }));
        }

        private Task<ApiResponse> ImplyAsync()
        {
            var (r, w) = random.Next(3) switch
            {
                0 => (new[] { "w" }, null),
                1 => (null, new[] { "r" }),
                _ => ((string[]?)null, (string[]?)null),
            };
            object[] scopes = [new { name = "r", implies = r }, new { name = "w", implies = w }];
            return Caller.PatchAsync($"/v1/api-resources/{world.ApiId}", new { scopes });
        }

        private async Task<(string, ApiResponse)> PauseAsync()
        {
            var path = random.Next(2) == 0 ? $"/v1/applications/{Application}" : $"/v1/users/{users[random.Next(1, 3)]}";
            return (
                "pause",
                random.Next(2) == 0 ? await Caller.PostAsync(path + "/enable")
                : path.Contains("users", StringComparison.Ordinal)
                    ? await Caller.PostAsync($"{path}/disable?transfer_to={AnyOwner() ?? "none"}")
                : await Caller.PostAsync(path + "/disable")
            );
        }

        private string Members => $"/v1/organizations/{Organization}/members";

        private string AnyMember() => random.Next(2) == 0 ? Any(users) : Application;

        private object There() =>
            new
            {
                name = "x",
                permissions = Some,
                organization_id = Organization,
            };

        /// <summary>The caller closes the organization or opens it; an administrator opens it too.</summary>
        private async Task<(string, ApiResponse)> OpenAsync()
        {
            var path = $"/v1/organizations/{Organization}";
            var closed = random.Next(2) == 0 ? await Caller.PostAsync(path + "/disable") : await Caller.PostAsync(path + "/enable");
            if (random.Next(2) == 0)
                await world.Admin.PostAsync(path + "/enable").Expect(200);
            return ("opening", closed);
        }

        /// <summary>An administrator takes w from the user, or gives it back.</summary>
        private Task<ApiResponse> DemoteAsync() =>
            world.Admin.PatchAsync(
                $"/v1/users/{world.UserId}",
                new { roles = new[] { world.ManagersRoleId, random.Next(2) == 0 ? reads : world.RoleId } }
            );

        private string? AnyOwner() => random.Next(4) is var i && i < 3 ? users[i] : null;

        private T Any<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];
    }
}
