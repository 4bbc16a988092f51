using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.PersonalAccessTokens;

/// <summary>
/// <c>admin token</c>: a personal access token of the first administrator for whoever may run commands on the host. There is no route for it.
/// </summary>
public sealed class IssueAdminToken(SystemGate gate, Database database, CatalogCache catalogs, IssueCredential issue, TimeProvider time)
{
    public static readonly CommandVerb Command = new("admin token", "Prints a personal access token of the administrator.")
    {
        Options = new Dictionary<string, string>(StringComparer.Ordinal) { ["scopes"] = "\"A B\"", ["expires-in"] = "24h" },
    };

    private static readonly TimeSpan DefaultLife = TimeSpan.FromHours(24);

    /// <exception cref="StartupException">An option does not fit.</exception>
    public async Task<ControlAnswer> RunAsync(IReadOnlyDictionary<string, string> options)
    {
        var scopes = Scopes(options.GetValueOrDefault("scopes"));
        var life = Life(options.GetValueOrDefault("expires-in"));
        var catalog = await catalogs.GetAsync();
        var administrator =
            await PrincipalStore.FindBootstrapAsync(database)
            ?? throw new StartupException("The store has no administrator yet: start the server once.");
        var token = await gate.WriteAsync(
            "personal_access_token.created",
            async (tx, entry) =>
                await issue.RunAsync(
                    tx,
                    entry,
                    caller: null,
                    Reach.All,
                    catalog,
                    await PrincipalStore.FactsAsync(tx, administrator),
                    CredentialKind.PersonalAccessToken,
                    new CredentialDraft
                    {
                        Name = "admin token",
                        Permissions = new([new(ManagementApi.Identifier, [.. scopes])]),
                        ExpiresAt = life is { } span ? time.GetUtcNow() + span : null,
                    }
                )
        );
        return new ControlAnswer(
            token.Token,
            $"{token.Id}: a token of the administrator, {(token.ExpiresAt is { } end ? $"good until {TimestampConverter.Format(end)}" : "without expiry")}. It is shown this once."
        );
    }

    private static ScopeSet Scopes(string? text)
    {
        if (text is null)
        {
            return ManagementApi.Scopes;
        }

        if (!ScopeSet.TryParse(string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)), out var asked))
        {
            throw new StartupException($"--scopes holds something that is no scope. Known: {ManagementApi.Scopes}");
        }

        var unknown = asked.Except(ManagementApi.Scopes);
        return asked.IsEmpty || !unknown.IsEmpty
            ? throw new StartupException($"--scopes '{unknown}' is not known. Known: {ManagementApi.Scopes}")
            : asked;
    }

    private static TimeSpan? Life(string? text)
    {
        if (text is null)
        {
            return DefaultLife;
        }

        if (text == "never")
        {
            return null;
        }

        return DurationText.TryParse(text, out var life)
            ? life
            : throw new StartupException($"--expires-in '{text}' is not a span such as 30m, 24h or 7d, nor 'never'.");
    }
}
