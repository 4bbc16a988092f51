using System.Globalization;
using System.Security.Cryptography;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Features.Notices;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Composition.Demo;

/// <summary>A credential that was made, as far as its uses need it.</summary>
internal sealed record DemoCredential(string Id, string Kind, string OwnerId, string? OrganizationId, DemoRights Role, string Ip);

/// <summary>Makes the people, organizations, applications and credentials of <see cref="DemoBulk"/>, each with its audit event.</summary>
internal sealed class DemoPopulation(DemoSize size, DemoGround ground, string brand, DateTimeOffset now)
{
    /// <summary>The built-in roles of the members of an organization.</summary>
    private const string Developer = "rol_0000000000000000000006";

    /// <summary>One credential of so many is remembered for the records of use.</summary>
    private const int Remembered = 4;

    /// <summary>One credential of so many waits for an approval.</summary>
    private const int PendingEvery = 500;

    private const string Office = "203.0.113.20";
    private const string Agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    private static readonly string[] FirstNames =
    [
        .. "Ada Amara Anders Aya Bruno Chloe Daan Diego Elif Emma Farid Fatima Femke Goran Hana Hugo Ines Ivo Jin Jonas Kaito Lars Leila Lin Luca Maya Mei Nadia".Split(
            ' '
        ),
    ];

    private static readonly string[] LastNames =
    [
        .. "Ahmed Bakker Berg Chan Costa Dubois Eriksen Fischer Garcia Haddad Hansen Ito Jansen Kaya Kim Larsen Lee Moreau Novak Okafor Park Patel Rossi Sato Silva Tan Visser Wang Yilmaz".Split(
            ' '
        ),
    ];

    private static readonly string[] Trades =
    [
        "Bakery",
        "Foods",
        "Retail",
        "Tools",
        "Textiles",
        "Print",
        "Motors",
        "Dental",
        "Books",
        "Garden",
    ];
    private static readonly string[] Purposes = ["Orders", "Invoices", "Tracking", "Scanners", "Reports", "Web shop", "Gateway", "Archive"];
    private static readonly string[] Uses = ["nightly", "production", "staging", "laptop", "deploy", "import", "export", "monitoring"];

    private readonly DemoDice dice = new();
    private readonly List<(string Id, DemoRights Role)> users = [];
    private readonly List<(string Id, DemoRights Role, string? OrganizationId)> applications = [];
    private readonly List<string> organizations = [.. ground.Customers];
    private int made;

    /// <summary>Some of the credentials so far that can be used.</summary>
    public List<DemoCredential> Known { get; } = [];

    /// <param name="slice">Takes the rows.</param>
    /// <param name="index">Which slice it is.</param>
    /// <param name="slices">Of how many.</param>
    public void Make(DemoSlice slice, int index, int slices)
    {
        for (var (i, count) = (0, Share(size.Organizations, index, slices)); i < count; i++)
        {
            MakeOrganization(slice, slice.At(i, count));
        }

        for (var (i, count) = (0, Share(size.Users, index, slices)); i < count; i++)
        {
            MakeUser(slice, slice.At(i, count));
        }

        for (var (i, count) = (0, Share(size.Applications, index, slices)); i < count; i++)
        {
            MakeApplication(slice, slice.At(i, count));
        }

        for (var (i, count) = (0, Share(size.Credentials, index, slices)); i < count; i++)
        {
            MakeCredential(slice, slice.At(i, count));
        }
    }

    /// <summary>How many of all happen in a slice. Whatever must be there for others comes in the first one too.</summary>
    public static int Share(int all, int index, int slices) => (int)((long)all * (index + 1) / slices - (long)all * index / slices);

    private void MakeOrganization(DemoSlice slice, DateTimeOffset at)
    {
        var row = new OrganizationRow
        {
            Id = Id("org", at),
            Name = $"{dice.Of(LastNames)} {dice.Of(Trades)}",
            CreatedAt = at.ToUnixTimeMilliseconds(),
        };
        slice.Organizations.Add(row);
        organizations.Add(row.Id);
        slice.Audit.Add(ByAdministrator(at, "organization.created", ("organization", row.Id), row.Id));
    }

    private void MakeUser(DemoSlice slice, DateTimeOffset at)
    {
        var (first, last, role) = (dice.Of(FirstNames), dice.Of(LastNames), dice.Of(ground.Roles));
        var row = new PrincipalRow
        {
            Id = Id("usr", at),
            Type = PrincipalType.User,
            Name = $"{first} {last}",
            Email = string.Create(CultureInfo.InvariantCulture, $"{first}.{last}.{users.Count}@example.com").ToLowerInvariant(),
            Enabled = dice.Pick(50) == 0 ? 0 : 1,
            CreatedAt = at.ToUnixTimeMilliseconds(),
        };
        slice.Principals.Add(row);
        slice.Roles.Add(new DemoRoleOf(row.Id, role.Id));
        slice.Audit.Add(ByAdministrator(at, "user.created", ("user", row.Id), changes: role.AsRole));
        users.Add((row.Id, role));
        if (users.Count % 10 == 0)
        {
            // A third of the members are in the largest customer.
            var organization = dice.Pick(3) == 0 ? ground.Customers[0] : dice.Of(organizations);
            slice.Members.Add(new DemoRoleOf(row.Id, Developer, organization));
            slice.Audit.Add(ByAdministrator(at, "organization.member_added", ("user", row.Id), organization));
        }
    }

    private void MakeApplication(DemoSlice slice, DateTimeOffset at)
    {
        var role = dice.Of(ground.Roles);
        var organization = applications.Count % 4 == 0 ? dice.Of(organizations) : null;
        var row = new PrincipalRow
        {
            Id = Id("app", at),
            Type = PrincipalType.Application,
            Name = string.Create(CultureInfo.InvariantCulture, $"{dice.Of(Purposes)} {applications.Count}"),
            OrganizationId = organization,
            OwnerId = organization is null && applications.Count % 3 == 0 && users.Count > 0 ? dice.Of(users).Id : null,
            Enabled = 1,
            CreatedAt = at.ToUnixTimeMilliseconds(),
        };
        slice.Principals.Add(row);
        slice.Roles.Add(new DemoRoleOf(row.Id, role.Id));
        slice.Audit.Add(ByAdministrator(at, "application.created", ("application", row.Id), organization, role.AsRole));
        applications.Add((row.Id, role, organization));
    }

    private void MakeCredential(DemoSlice slice, DateTimeOffset at)
    {
        var (family, kind) = (made % 50) switch
        {
            < 20 => (CredentialFamily.PersonalAccessTokens, CredentialKind.PersonalAccessToken),
            < 46 => (CredentialFamily.ApiKeys, CredentialKind.ApiKey),
            < 48 => (CredentialFamily.ClientSecrets, CredentialKind.ClientSecret),
            48 => (CredentialFamily.ApiKeys, CredentialKind.AnonymousApiKey),
            _ => (CredentialFamily.PublicKeys, CredentialKind.PublicKey),
        };
        var isPersonal = kind == CredentialKind.PersonalAccessToken;
        var (owner, role, organization) = isPersonal ? Personal(dice.Of(users)) : dice.Of(applications);
        var (state, expires) = StateOf(at);
        var id = Id(family.IdPrefix, at);
        var material = kind == CredentialKind.PublicKey ? NewKey() : null;
        var isPending = made % PendingEvery == 25; // an API key
        var row = new CredentialRow
        {
            Id = id,
            Kind = kind,
            OwnerId = owner,
            Name = $"{dice.Of(Uses)} {dice.Of(Purposes).ToLowerInvariant()}",
            Masked = material?.Masked ?? $"{brand}_{family.IdPrefix}_…{id[^4..]}",
            Permissions = CredentialRow.HasPermissions(kind) ? role.Stored : null,
            CreatedAt = at.ToUnixTimeMilliseconds(),
            CreatedBy = isPersonal ? owner : ground.Administrator,
            CreatedWith = isPersonal ? null : ground.CredentialId,
            ExpiresAt = expires?.ToUnixTimeMilliseconds(),
            Terms = new CredentialTerms { RotateEveryDays = !isPersonal && dice.Pick(10) == 0 ? 7 + dice.Pick(90) : null },
            Material = material?.Json,
            KeyId = material?.KeyId,
            State = isPending ? "disabled" : state,
            RevokedAt = state == "revoked" && !isPending ? slice.To.ToUnixTimeMilliseconds() : null,
            ApprovalId = isPending ? Id(ApprovalStore.IdPrefix, at) : null,
            Justification = isPending ? "the nightly job of the new warehouse" : null,
        };
        slice.Credentials.Add(row);
        slice.Audit.Add(
            isPersonal
                ? Of(at, (owner, null), $"{family.Noun}.created", (kind, id), role.AsPermissions)
                : ByAdministrator(
                    at,
                    $"{family.Noun}.created",
                    (kind, id),
                    organization,
                    row.Permissions is null ? null : role.AsPermissions
                )
        );
        if (row.State != "active" && !isPending)
        {
            slice.Audit.Add(ByAdministrator(slice.To, $"{family.Noun}.{row.State}", (kind, id), organization));
        }

        TellOfExpiry(slice, row, organization);
        if (kind is CredentialKind.ApiKey or CredentialKind.PersonalAccessToken && dice.Pick(Remembered) != 0)
        {
            Use(
                slice,
                row,
                new DemoCredential(
                    id,
                    kind,
                    owner,
                    organization,
                    role,
                    string.Create(CultureInfo.InvariantCulture, $"198.51.{100 + dice.Pick(100)}.{10 + dice.Pick(3)}")
                )
            );
        }

        made++;

        static (string, DemoRights, string?) Personal((string Id, DemoRights Role) user) => (user.Id, user.Role, null);
    }

    /// <summary>Notices follow from expiries; a server that runs makes them in the same way.</summary>
    private void TellOfExpiry(DemoSlice slice, CredentialRow row, string? organization)
    {
        if (row is { ExpiresAt: { } end, State: not "revoked" } && end <= now.ToUnixTimeMilliseconds())
        {
            slice.Notices.Add(
                new NoticeRow
                {
                    Id = Id(NoticeRow.IdPrefix, DateTimeOffset.FromUnixTimeMilliseconds(end)),
                    UserId = row.CreatedBy!,
                    Event = $"{NoticeKind.Expired}:{row.Id}:{end}",
                    At = end,
                    Kind = NoticeKind.Expired,
                    TargetType = row.Kind,
                    TargetId = row.Id,
                    Name = row.Name,
                    OrganizationId = organization,
                }
            );
        }
    }

    private void Use(DemoSlice slice, CredentialRow row, DemoCredential credential)
    {
        var end = Math.Min(row.RevokedAt ?? long.MaxValue, Math.Min(row.ExpiresAt ?? long.MaxValue, now.ToUnixTimeMilliseconds()));
        var last = row.CreatedAt + (long)((end - row.CreatedAt) * (dice.Pick(1000) / 1000.0));
        slice.LastUses.Add(new DemoUse(row.Id, last, credential.Ip, $"{credential.Ip[..credential.Ip.LastIndexOf('.')]}.0/24"));
        if (made % Remembered == 0)
        {
            Known.Add(credential);
        }
    }

    private (string State, DateTimeOffset? Expires) StateOf(DateTimeOffset at) =>
        dice.Pick(100) switch
        {
            < 3 => ("revoked", null),
            < 5 => ("disabled", null),
            < 10 => ("active", at + (now - at) * (dice.Pick(1000) / 1000.0)),
            < 40 => ("active", now.AddDays(1 + dice.Pick(120))),
            _ => ("active", null),
        };

    private static RegisteredMaterial NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return PublicKeyMaterial.Read(new PublicKeyRequest { Name = "", Pem = key.ExportSubjectPublicKeyInfoPem() });
    }

    private AuditEntry ByAdministrator(
        DateTimeOffset at,
        string action,
        (string Type, string Id) target,
        string? organization = null,
        IReadOnlyList<AuditChange>? changes = null
    )
    {
        var entry = Of(at, (ground.Administrator, ground.CredentialId), action, target, changes);
        entry.OrganizationId = organization;
        return entry;
    }

    private static AuditEntry Of(
        DateTimeOffset at,
        (string Principal, string? CredentialId) actor,
        string action,
        (string Type, string Id) target,
        IReadOnlyList<AuditChange>? changes
    ) =>
        new()
        {
            Id = Id("evt", at),
            At = at.ToUnixTimeMilliseconds(),
            Actor = actor.Principal,
            CredentialId = actor.CredentialId,
            Action = action,
            TargetType = target.Type,
            TargetId = target.Id,
            Changes = changes,
            Ip = Office,
            Agent = Agent,
            RequestId = Id("req", at),
        };

    private static string Id(string prefix, DateTimeOffset at) => PublicId.Create(prefix, PublicId.NewUuid7(at));
}
