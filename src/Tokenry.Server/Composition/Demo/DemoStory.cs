using System.Text.Json.Nodes;

namespace Tokenry.Server.Composition.Demo;

/// <summary>
/// Half a year of <see cref="DemoCompany"/>: what its administrator does on each day, through the API, and the uses of <see cref="DemoTraffic"/> between.
/// So every row, right, count and audit event of the demonstration was made by the code that makes real ones.
/// </summary>
internal sealed class DemoStory(DemoApi api, StoryClock clock, DemoTraffic traffic, DateTimeOffset today)
{
    /// <summary>Days before today on which it begins.</summary>
    public const int Days = 180;

    private readonly List<string> resources = [];
    private readonly Dictionary<string, string> roles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> customers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> paths = new(StringComparer.Ordinal);

    /// <summary>Lives through one day after the other.</summary>
    /// <param name="passed">Called after each day with its number.</param>
    public async Task RunAsync(Func<int, Task> passed)
    {
        await FoundAsync();
        for (var before = Days; before >= 0; before--)
        {
            var day = today.AddDays(-before);
            await ManageAsync(day.AddHours(8), before);
            await traffic.OfDayAsync(day, before);
            await passed(Days - before);
        }
    }

    /// <summary>Has the APIs log every access from now on, not only refusals.</summary>
    public async Task LogAllAccessAsync()
    {
        foreach (var id in resources)
        {
            await api.AsAdministratorAsync(HttpMethod.Patch, $"/v1/api-resources/{id}", new JsonObject { ["access_log"] = "all" });
        }
    }

    /// <summary>What is there from the first day: APIs, roles, people, customers, applications.</summary>
    private async Task FoundAsync()
    {
        foreach (var resource in DemoCompany.Apis)
        {
            var made = await PostAsync(
                "/v1/api-resources",
                new JsonObject
                {
                    ["identifier"] = resource.Identifier,
                    ["name"] = resource.Name,
                    ["object_types"] = Strings(resource.ObjectTypes),
                    ["scopes"] = new JsonArray([
                        .. resource.Scopes.Select(scope => new JsonObject { ["name"] = scope.Name, ["description"] = scope.Description }),
                    ]),
                    ["access_log"] = "denials",
                }
            );
            resources.Add(Id(made));
        }

        foreach (var role in DemoCompany.Roles)
        {
            var made = await PostAsync(
                "/v1/roles",
                new JsonObject
                {
                    ["name"] = role.Name,
                    ["description"] = role.Description,
                    ["permissions"] = Permissions(role),
                }
            );
            roles[role.Name] = Id(made);
        }

        var known = await api.AsAdministratorAsync(HttpMethod.Get, "/v1/roles?limit=200");
        foreach (var role in known["items"]!.AsArray())
        {
            roles.TryAdd((string)role!["name"]!, (string)role["id"]!);
        }

        foreach (var customer in DemoCompany.Customers)
        {
            customers[customer] = Id(await PostAsync("/v1/organizations", new JsonObject { ["name"] = customer }));
        }

        foreach (var person in DemoCompany.People)
        {
            await WelcomeAsync(person);
        }

        foreach (var (name, ofIt, customer) in DemoCompany.Applications)
        {
            var body = new JsonObject { ["name"] = name, ["roles"] = Roles(ofIt) };
            if (customer is not null)
            {
                body["organization_id"] = customers[customer];
            }

            owners[name] = Id(await PostAsync("/v1/applications", body));
        }
    }

    private async Task WelcomeAsync(DemoPerson person)
    {
        var domain = person.Customer is null ? "example.com" : "example.org";
        var id = Id(
            await PostAsync(
                "/v1/users",
                new JsonObject
                {
                    ["email"] = $"{person.Mail}@{domain}",
                    ["name"] = person.Name,
                    ["roles"] = Roles(person.Roles),
                }
            )
        );
        owners[person.Mail] = id;
        if (person is { Customer: { } customer, CustomerRole: { } role })
        {
            await PostAsync(
                $"/v1/organizations/{customers[customer]}/members",
                new JsonObject { ["member"] = id, ["roles"] = Roles([role]) }
            );
        }
    }

    private async Task ManageAsync(DateTimeOffset at, int before)
    {
        if (before > DemoTraffic.RecentDays) // on those nothing is managed, and uses begin at midnight
        {
            clock.MoveTo(at);
        }

        foreach (var key in DemoCompany.Keys)
        {
            if (key.Made == before)
            {
                await MakeAsync(key);
            }
            else if (key.Rolled.Contains(before))
            {
                var rolled = await PostAsync($"{paths[key.Name]}/rotate", new JsonObject { ["overlap_seconds"] = 3600 });
                traffic.Put(key, (string)rolled["token"]!);
            }
        }

        if (before == DemoCompany.Leak.Days)
        {
            // A stranger found it in a public repository. A holder of a secret may end it.
            await api.AsAnybodyAsync(
                "/v1/credentials/revoke",
                new JsonObject { ["token"] = traffic.SecretOf(DemoCompany.Leak.Key) },
                "198.51.100.7"
            );
        }
    }

    private async Task MakeAsync(DemoKey key)
    {
        var isPersonal = DemoCompany.People.Any(person => person.Mail == key.Owner);
        var collection = isPersonal ? $"/v1/users/{owners[key.Owner]}/tokens" : $"/v1/applications/{owners[key.Owner]}/api-keys";
        var body = new JsonObject
        {
            ["name"] = key.Name,
            ["permissions"] = Permissions(DemoCompany.Roles.Single(role => role.Name == key.Role)),
            ["expires_at"] = key.Expires is { } days ? today.AddDays(days).AddHours(12).ToString("O") : null,
        };
        if (key.RotateEveryDays is { } every)
        {
            body["rotate_every_days"] = every;
        }

        if (key.AllowedNetwork is { } network)
        {
            body["allowed_ips"] = Strings([network]);
        }

        if (key.Pattern is { } pattern)
        {
            body["objects"] = Strings([pattern]);
        }

        var made = await PostAsync(collection, body);
        paths[key.Name] = $"{collection}/{Id(made)}";
        traffic.Put(key, (string)made["token"]!);
    }

    private Task<JsonObject> PostAsync(string path, JsonObject body) => api.AsAdministratorAsync(HttpMethod.Post, path, body);

    private JsonArray Roles(IEnumerable<string> names) => Strings(names.Select(name => roles[name]));

    private static JsonArray Permissions(DemoRole role) => [new JsonObject { ["api"] = role.Api, ["scopes"] = Strings(role.Scopes) }];

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);

    private static string Id(JsonObject made) => (string)made["id"]!;
}
