namespace Tokenry.Console.Tests;

/// <summary>A person with rights at an API of invoices, for the stories.</summary>
public sealed class Company
{
    public required Person Person { get; init; }

    public required string Api { get; init; }

    /// <summary>The role that the person has at the API.</summary>
    public required string Role { get; init; }

    public required ApiClient Admin { get; init; }

    /// <param name="servers">The servers.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="roles">Names of built-in roles that the person has besides the one for the API.</param>
    public static async Task<Company> FoundAsync(SharedServers servers, Engine engine, params string[] roles)
    {
        var admin = await servers.AdminAsync(engine);
        var tag = Guid.NewGuid().ToString("N")[..8];
        var identifier = $"https://{tag}.invoices.example";
        (
            await admin.PostAsync(
                "/v1/api-resources",
                new
                {
                    identifier,
                    name = $"Invoices {tag}",
                    object_types = new[] { "customer" },
                    scopes = new[]
                    {
                        new { name = "invoices:read", description = "Read invoices" },
                        new { name = "invoices:write", description = "Create and change invoices" },
                        new { name = "payments:read", description = "Read payments" },
                    },
                }
            )
        ).Expect(201);
        var role = (
            await admin.PostAsync(
                "/v1/roles",
                new
                {
                    name = $"Accounting {tag}",
                    permissions = new[] { new { api = identifier, scopes = new[] { "invoices:read", "invoices:write", "payments:read" } } },
                }
            )
        ).Expect(201);
        var known = (await admin.GetAsync("/v1/roles?limit=200")).Expect(200).Json.GetProperty("items").EnumerateArray();
        var builtIn = known
            .Where(item => roles.Contains(item.GetProperty("name").GetString()))
            .Select(item => item.GetProperty("id").GetString()!);
        var email = $"ada-{tag}@example.com";
        var user = (
            await admin.PostAsync(
                "/v1/users",
                new
                {
                    email,
                    name = "Ada Lovelace",
                    roles = builtIn.Append(role.Text("id")).ToArray(),
                }
            )
        ).Expect(201);
        var id = user.Text("id")!;
        await admin.BrowserOfAsync(id); // which sets the password
        return new()
        {
            Person = new(admin.Address, id, email, SigningIn.Password),
            Api = identifier,
            Role = role.Text("id")!,
            Admin = admin,
        };
    }

    /// <summary>An organization that the person administers, with a colleague.</summary>
    public async Task<string> OrganizationAsync()
    {
        var organization = (await Admin.PostAsync("/v1/organizations", new { name = "Acme Logistics" })).Expect(201).Text("id")!;
        var colleague = (await Admin.PostAsync("/v1/users", new { email = $"grace-{Guid.NewGuid():N}@example.com", name = "Grace Hopper" }))
            .Expect(201)
            .Text("id")!;
        foreach (var (member, role) in new[] { (Person.Id, "rol_0000000000000000000005"), (colleague, "rol_0000000000000000000006") })
        {
            (await Admin.PostAsync($"/v1/organizations/{organization}/members", new { member, roles = new[] { role } })).Expect(200);
        }

        return organization;
    }
}
