namespace Tokenry.Console.Tests;

/// <summary>What a company has after some months, as far as the API can make it.</summary>
public sealed record Stock(string NewToken, string Token, string Api, string Application)
{
    public static async Task<Stock> FillAsync(Company company)
    {
        var admin = company.Admin;
        var api = (await admin.GetAsync($"/v1/api-resources?identifier={Uri.EscapeDataString(company.Api)}")).Expect(200);
        await admin.PatchAsync(
            $"/v1/api-resources/{api.Json.GetProperty("items")[0].GetProperty("id").GetString()}",
            new { access_log = "all" }
        );
        string[] read = ["invoices:read"];
        string[] both = ["invoices:read", "invoices:write"];
        await TokenAsync("laptop", both, 90);
        await TokenAsync("backup script", read, 9);
        var used = await TokenAsync("monthly report", read, 30);
        var old = await TokenAsync("old laptop", both, 30);
        (await admin.DeleteAsync($"/v1/tokens/{old.Id}?reason=lost")).Expect(204);
        var application = (
            await admin.PostAsync(
                "/v1/applications",
                new { name = "Billing", permissions = new[] { new { api = company.Api, scopes = both } } }
            )
        )
            .Expect(201)
            .Text("id")!;
        (await admin.PostAsync("/v1/applications", new { name = "Warehouse robot" })).Expect(201);
        foreach (var (name, days) in new[] { ("production", 180), ("staging", 6) })
        {
            (
                await admin.PostAsync(
                    $"/v1/applications/{application}/api-keys",
                    new
                    {
                        name,
                        permissions = new[] { new { api = company.Api, scopes = read } },
                        expires_at = DateTimeOffset.UtcNow.AddDays(days),
                    }
                )
            ).Expect(201);
        }

        await admin.PostAsync(
            "/v1/verify",
            new
            {
                token = used.Secret,
                api = company.Api,
                scopes = read,
            }
        );
        await Task.Delay(TimeSpan.FromSeconds(1.5)); // uses are written every second
        return new(
            $"account/tokens/new?name=nightly+export&api={Uri.EscapeDataString(company.Api)}&scopes=invoices:read+payments:read&objects=customer:acme&expires_in=30d",
            $"account/tokens/{used.Id}",
            $"apis/{api.Json.GetProperty("items")[0].GetProperty("id").GetString()}",
            $"applications/{application}"
        );

        async Task<(string Id, string Secret)> TokenAsync(string name, string[] scopes, int days)
        {
            var made = (
                await admin.PostAsync(
                    $"/v1/users/{company.Person.Id}/tokens",
                    new
                    {
                        name,
                        permissions = new[] { new { api = company.Api, scopes } },
                        expires_at = DateTimeOffset.UtcNow.AddDays(days),
                    }
                )
            ).Expect(201);
            return (made.Text("id")!, made.Text("token")!);
        }
    }
}
