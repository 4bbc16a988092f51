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
/// <c>admin token</c>: a personal access token of the first administrator for whoever may run commands on the host. There is no route for it.
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
    public static readonly CommandVerb Command = new("admin token", "Prints a personal access token of the administrator.")
    {
        Options = new Dictionary<string, string>(StringComparer.Ordinal) { ["scopes"] = "\"A B\"", ["expires-in"] = "24h" },
        Flags = ["revive"],
    };

    private const string Remedy =
        "Or run './run admin token --revive' here: it enables the administrator or makes a new one, and says so in the audit.";

    private static readonly TimeSpan DefaultLife = TimeSpan.FromHours(24);

    /// <summary>Whether the options fit, whatever the store holds.</summary>
    /// <exception cref="StartupException">One does not.</exception>
    public static void Check(IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Scopes(options.GetValueOrDefault("scopes"));
        Life(options.GetValueOrDefault("expires-in"));
    }

    /// <param name="options">Of the command line.</param>
    /// <param name="user">Who ran it, for the audit.</param>
    /// <exception cref="StartupException">An option does not fit, or the token would not work.</exception>
    public async Task<ControlAnswer> RunAsync(IReadOnlyDictionary<string, string> options, OperatingSystemUser user)
    {
        var scopes = Scopes(options.GetValueOrDefault("scopes"));
        var life = Life(options.GetValueOrDefault("expires-in"));
        var catalog = await catalogs.GetAsync();
        var revived = options.ContainsKey("revive") ? await revive.RunAsync(catalog, user) : null;
        var administrator =
            await PrincipalStore.FindBootstrapAsync(database)
            ?? throw new StartupException("The store has no administrator yet: start the server once.");
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
            $"{token.Id}: a token of the administrator, {(token.ExpiresAt is { } end ? $"good until {TimestampConverter.Format(end)}" : "without expiry")}. It is shown this once.";
        return new ControlAnswer(token.Token, revived is null ? words : $"{revived}\n{words}");
    }

    /// <summary>The administrator, with whom a token of these scopes would work.</summary>
    private static async Task<PrincipalFacts> FindAsync(WriteTransaction tx, Catalog catalog, string id, ScopeSet scopes)
    {
        if (await PrincipalStore.FindAsync(tx, PrincipalType.User, id) is not { } row)
        {
            throw new StartupException(
                $"The administrator {id} was deleted, so that no token of theirs would work. Use another administrator's token. {Remedy}"
            );
        }

        if (row.Enabled != 1)
        {
            throw new StartupException(
                $"The administrator {row.Email} is disabled, so that a token would not work. With another administrator's token, POST "
                    + $"/v1/users/{id}/enable. {Remedy}"
            );
        }

        var administrator = await PrincipalStore.FactsAsync(tx, row);
        var lacking = scopes.Except(Rights.Of(catalog, administrator, ManagementApi.Resource));
        return lacking.IsEmpty
            ? administrator
            : throw new StartupException(
                $"The administrator {row.Email} lacks the management rights {lacking}. Ask for others with --scopes, or have another administrator "
                    + $"give them the role administrator. {Remedy}"
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
