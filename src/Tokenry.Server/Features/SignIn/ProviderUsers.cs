using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.SignIn;

/// <summary>The users of accounts at outside providers: finds them, and creates one at a first sign-in.</summary>
public sealed class ProviderUsers(Database database, CatalogCache catalogs, TimeProvider time)
{
    /// <summary>The user of an account; <c>null</c> = it is linked to none.</summary>
    public Task<ProviderUser?> FindAsync(ProviderIdentity identity) =>
        database.ReadAsync(async connection =>
            await LinkedAccountStore.FindAsync(connection, identity.Issuer, identity.Subject) is { } account
                ? new ProviderUser(account.UserId, Row: null, [], [])
                : null
        );

    /// <summary>What a new user would be.</summary>
    public async Task<ProviderUser> PrepareAsync(SignInProviderOptions provider, ProviderIdentity identity)
    {
        var now = time.GetUtcNow();
        var lower = identity.Email is { } email && System.Text.Ascii.IsValid(email) ? email.ToLowerInvariant() : "";
        var name =
            identity.Name?.Trim() is { Length: > 0 and <= Validation.LongestName } known && Validation.IsReadable(known) ? known : null;
        var row = new PrincipalRow
        {
            Id = PublicId.Create("usr", PublicId.NewUuid7(now)),
            Type = PrincipalType.User,
            Name = name ?? (EmailAddress.IsValid(lower) ? lower : $"{provider.Label} user"),
            Email = EmailAddress.IsValid(lower) ? lower : null,
            Enabled = 1,
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        var names = provider.Roles.Concat(Mapped(provider.ClaimRoles, identity.Values)).ToHashSet(StringComparer.Ordinal);
        var catalog = await catalogs.GetAsync();
        return new ProviderUser(
            row.Id,
            row,
            [.. catalog.Roles.Where(role => names.Contains(role.Name)).Select(role => role.Id).Order(StringComparer.Ordinal)],
            [.. Mapped(provider.ClaimOrganizations, identity.Values).Distinct(StringComparer.Ordinal)]
        );
    }

    /// <summary>Creates the user with its account, its roles and its memberships.</summary>
    /// <exception cref="ProblemException">409: a user has the e-mail address of the account. It is not linked: an address is a claim and no proof.</exception>
    public async Task CreateAsync(WriteTransaction tx, AuditEntry entry, ProviderUser user, ProviderIdentity identity)
    {
        var row = user.Row!;
        if (row.Email is { } email && await SignInData.OfNameAsync(tx, email) is not null)
        {
            throw EmailTaken();
        }

        await PrincipalStore.InsertAsync(tx, row, passwordHash: null, user.Roles);
        var created = entry.With("user.created", PrincipalType.User, row.Id, "first sign-in by a provider");
        created.Changes = AuditChanges.Made(row.ToUser(user.Roles));
        tx.Record(created);
        foreach (var id in user.Organizations)
        {
            if (await OrganizationStore.FactsAsync(tx, id) is null)
            {
                continue; // deleted since the setting was written
            }

            string[] roles = [ManagementApi.OrganizationMember.Id];
            await OrganizationStore.ChangeAsync(tx, id, row.Id, roles, removed: []);
            var added = entry.With("organization.member_added", PrincipalType.User, row.Id, "first sign-in by a provider");
            added.OrganizationId = id;
            added.Changes = [AuditChanges.OfType<string[]>("roles", before: null, roles)];
            tx.Record(added);
        }

        await LinkAsync(tx, entry, row.Id, (identity.Issuer, identity.Subject, identity.Label));
    }

    /// <summary>Links an account to a user.</summary>
    /// <exception cref="ProblemException">409: the account belongs to a user already.</exception>
    public async Task<LinkedAccountRow> LinkAsync(
        WriteTransaction tx,
        AuditEntry entry,
        string userId,
        (string Issuer, string Subject, string Label) account
    )
    {
        var now = time.GetUtcNow();
        var row = new LinkedAccountRow
        {
            Id = PublicId.Create(LinkedAccountRow.IdPrefix, PublicId.NewUuid7(now)),
            UserId = userId,
            Issuer = account.Issuer,
            Subject = account.Subject,
            Label = account.Label,
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        if (!await LinkedAccountStore.InsertAsync(tx, row))
        {
            throw ProblemException.Exists(
                "This account belongs to a user of this server already. Remove it there first.",
                new PageText("sign_in_fault.account_taken")
            );
        }

        var linked = entry.With("linked_account.added", PrincipalType.User, userId, account.Issuer);
        linked.Changes = [AuditChanges.Of("linked_account", before: null, row.Id)];
        tx.Record(linked);
        return row;
    }

    internal static ProblemException EmailTaken() =>
        ProblemException.Exists(
            "A user with the e-mail address of this account exists. Sign in as that user in another way, then link the account on the page Sign-in and security.",
            new PageText("sign_in_fault.email_taken")
        );

    private static IEnumerable<string> Mapped(IReadOnlyDictionary<string, string> map, IReadOnlyList<string> values) =>
        values.Select(value => map.GetValueOrDefault(value)).OfType<string>();
}

/// <summary>A user who signs in by a provider.</summary>
/// <param name="Id">The user.</param>
/// <param name="Row">The record of a user to create; <c>null</c> = the user exists.</param>
/// <param name="Roles">Ids of the roles of a user to create.</param>
/// <param name="Organizations">Ids of the organizations of a user to create.</param>
public sealed record ProviderUser(string Id, PrincipalRow? Row, IReadOnlyList<string> Roles, IReadOnlyList<string> Organizations);
