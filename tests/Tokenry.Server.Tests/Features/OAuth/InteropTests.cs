using System.Diagnostics;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// Independent implementations use the server: what they refuse, a customer's client refuses too. Needs node; without it these fail,
/// because a run that proved nothing must not be green.
/// </summary>
public sealed class InteropTests(SharedServers servers)
{
    private static readonly string Scripts = Path.Combine(Repository.Root, "tests", "interop");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    [Theory, BothEngines]
    public Task Oauth4webapi_discovers_gets_introspects_and_revokes_tokens(Engine engine) => RunAsync(engine, "client-credentials.mjs");

    [Theory, BothEngines]
    public Task Jose_verifies_our_access_token_from_the_published_keys(Engine engine) => RunAsync(engine, "access-token.mjs");

    [Theory, BothEngines]
    public Task Jose_verifies_it_signed_with_RS256(Engine engine) => RunAsync(engine, "access-token.mjs", "RS256");

    [Theory, BothEngines]
    public async Task Oauth4webapi_exchanges_tokens_and_another_issuers_token(Engine engine)
    {
        await Installed.Value;
        var server = await servers.GetAsync(engine);
        using var issuer = new ForeignIssuer();
        var made = await Scenario
            .On(await servers.AdminAsync(engine))
            .Api("invoices:read", "invoices:write")
            .PersonalAccessToken()
            .Application(m => new { token_exchange_audiences = new[] { m.Api.Identifier } })
            .ClientSecret()
            .CreateAsync();
        await (await servers.AdminAsync(engine)).CreateFederatedIdentityAsync(made.Application.Id, issuer);
        await ExecuteAsync(
            "node",
            ["token-exchange.mjs"],
            new()
            {
                ["TOKENRY_ISSUER"] = server.Address,
                ["TOKENRY_CLIENT_ID"] = made.Application.Id,
                ["TOKENRY_CLIENT_SECRET"] = made.ClientSecret.Secret,
                ["TOKENRY_RESOURCE"] = made.Api.Identifier,
                ["TOKENRY_SUBJECT"] = made.User.Id,
                ["TOKENRY_SUBJECT_TOKEN"] = made.PersonalAccessToken.Secret,
                ["TOKENRY_FEDERATED_TOKEN"] = issuer.Token(ForeignIssuer.GitHub(server.Address)),
            }
        );
    }

    private async Task RunAsync(Engine engine, string script, string algorithm = "ES256")
    {
        await Installed.Value;
        var server = await servers.GetAsync(engine);
        var made = await Scenario
            .On(await servers.AdminAsync(engine))
            .Api(_ => new { access_token_signing_alg = algorithm }, "invoices:read", "invoices:write")
            .ClientSecret()
            .CreateAsync();
        await ExecuteAsync(
            "node",
            [script],
            new()
            {
                ["TOKENRY_ISSUER"] = server.Address,
                ["TOKENRY_CLIENT_ID"] = made.Application.Id,
                ["TOKENRY_CLIENT_SECRET"] = made.ClientSecret.Secret,
                ["TOKENRY_RESOURCE"] = made.Api.Identifier,
                ["TOKENRY_SIGNING_ALG"] = algorithm,
            }
        );
    }

    private static async Task InstallAsync()
    {
        if (!File.Exists(Path.Combine(Scripts, "node_modules", ".package-lock.json")))
            await ExecuteAsync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], []);
    }

    private static async Task ExecuteAsync(string program, string[] arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Scripts,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}:\n{await output}\n{await error}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
