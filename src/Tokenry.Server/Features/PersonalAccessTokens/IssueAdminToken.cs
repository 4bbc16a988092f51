using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.PersonalAccessTokens;

/// <summary>
/// <c>admin token</c>: a personal access token of the first administrator, for an operator with access to the host. No HTTP route exists for
/// it.
/// </summary>
public sealed class IssueAdminToken(
    SystemGate gate,
    Database database,
    CatalogCache catalogs,
    IssueCredential issue,
    ReviveAdministrator revive,
    TimeProvider time
)
{
    public static readonly CommandVerb Command = new("admin token", "Creates and prints a personal access token of the administrator.")
    {
        Own =
        [
            new("scopes", "The scopes of the token, separated by spaces; all if left out.", "\"A B\""),
            new("expires-in", "How long the token lives, such as 30m, 24h or 7d, or never; 24h if left out.", "24h"),
            new("revive", "Enables the administrator and gives the role back, or creates a new administrator."),
        ],
    };

    private const string Remedy =
        "Or run './run admin token --revive' here: it enables the administrator or creates a new one, and records it in the audit log.";

    private static readonly TimeSpan DefaultLife = TimeSpan.FromHours(24);

    /// <summary>Checks the options without the store.</summary>
    /// <exception cref="StartupException">An option is invalid.</exception>
    public static void Check(IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Scopes(options.GetValueOrDefault("scopes"));
        Life(options.GetValueOrDefault("expires-in"));
    }

    /// <param name="options">The command-line options.</param>
    /// <param name="user">The operating-system user who ran the command, for the audit log.</param>
    /// <exception cref="StartupException">An option is invalid, or the token would not work.</exception>
    public async Task<ControlAnswer> RunAsync(IReadOnlyDictionary<string, string> options, OperatingSystemUser user)
    {
        var scopes = Scopes(options.GetValueOrDefault("scopes"));
        var life = Life(options.GetValueOrDefault("expires-in"));
        var catalog = await catalogs.GetAsync();
        var revived = options.ContainsKey("revive") ? await revive.RunAsync(catalog, user) : null;
        var administrator =
            await PrincipalStore.FindBootstrapAsync(database)
            ?? throw new StartupException("The store has no administrator yet. Start the server once; it creates one.");
        var token = await gate.WriteAsync(
            "personal_access_token.created",
            async (tx, entry) =>
            {
                entry.Reason = $"by the operating-system user {user}";
                return await issue.RunAsServerAsync(
                    new AuditedOperation(tx, entry, catalog),
                    await FindAsync(tx, catalog, administrator, scopes),
                    CredentialKind.PersonalAccessToken,
                    new CredentialDraft
                    {
                        Name = "admin token",
                        Permissions = new([new(ManagementApi.Identifier, [.. scopes])]),
                        ExpiresAt = life is { } span ? time.GetUtcNow() + span : null,
                    }
                );
            }
        );
        var words =
            $"{token.Id}: a token of the administrator, {(token.ExpiresAt is { } end ? $"valid until {TimestampConverter.Format(end)}" : "without expiry")}. The server does not show it again.";
        return new ControlAnswer(token.Token, revived is null ? words : $"{revived}\n{words}");
    }

    /// <summary>Finds the administrator and checks that a token with these scopes would work.</summary>
    private static async Task<PrincipalFacts> FindAsync(WriteTransaction tx, Catalog catalog, string id, ScopeSet scopes)
    {
        if (await PrincipalStore.FindAsync(tx, PrincipalType.User, id) is not { } row)
        {
            throw new StartupException(
                $"The administrator {id} was deleted, so a token would not work. Use another administrator's token. {Remedy}"
            );
        }

        if (row.Enabled != 1)
        {
            throw new StartupException(
                $"The administrator {row.Email} is disabled, so a token would not work. With another administrator's token, POST "
                    + $"/v1/users/{id}/enable. {Remedy}"
            );
        }

        var administrator = await PrincipalStore.FactsAsync(tx, row);
        var lacking = scopes.Except(Rights.Of(catalog, administrator, ManagementApi.Resource));
        return lacking.IsEmpty
            ? administrator
            : throw new StartupException(
                $"The administrator {row.Email} lacks the management rights {lacking}. Choose other scopes with --scopes, or let another administrator "
                    + $"assign the role administrator. {Remedy}"
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
            throw new StartupException($"--scopes holds an invalid scope name. Valid: {ManagementApi.Scopes}");
        }

        var unknown = asked.Except(ManagementApi.Scopes);
        return asked.IsEmpty || !unknown.IsEmpty
            ? throw new StartupException($"--scopes '{unknown}' is not a management scope. Valid: {ManagementApi.Scopes}")
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
            : throw new StartupException($"--expires-in '{text}' is not valid; use a duration such as 30m, 24h or 7d, or 'never'.");
    }
}
