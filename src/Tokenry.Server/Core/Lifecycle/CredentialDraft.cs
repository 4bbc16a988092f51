using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>The members that a caller may set on a credential, checked for form: from the request at create, from the result at PATCH.</summary>
public sealed record CredentialDraft
{
    private const int MostOrganizations = 20;

    public required string Name { get; init; }

    /// <summary>The requested permissions; <c>null</c> = none requested.</summary>
    public CredentialPermissions? Permissions { get; init; }

    /// <summary>For a personal access token: the organizations in which it acts, with its permissions in each; <c>null</c> = none requested.</summary>
    public IReadOnlyList<OrganizationPermissions>? Organizations { get; init; }

    /// <summary>The resulting permissions, as stored (<see cref="CredentialRow.Permissions"/>).</summary>
    public string? Grants { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether the request sets an expiry, even "never"; otherwise the default of its kind applies.</summary>
    public bool IsEndSaid { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    /// <inheritdoc cref="NewCredentialRequest.Justification"/>
    public string? Justification { get; init; }

    public CredentialTerms Terms { get; init; } = CredentialTerms.None;

    /// <param name="request">The request.</param>
    /// <param name="kind">The credential's kind.</param>
    /// <param name="expiresAt">Its expiry, after the kind's default (<see cref="ExpiryPolicy"/>).</param>
    /// <exception cref="ProblemException">400 if a member that only API keys have is set on another kind.</exception>
    public static CredentialDraft Of(CredentialRequest request, string kind, DateTimeOffset? expiresAt)
    {
        if (kind is not (CredentialKind.ApiKey or CredentialKind.AnonymousApiKey))
        {
            var check = new Validation();
            check.Require(request.Anonymous is null, "anonymous", "is for API keys");
            check.Require(request.RequestSigning is null, "request_signing", "is for API keys");
            check.Require(request.Recoverable is null, "recoverable", "is for API keys");
            check.ThrowIfAny();
        }

        return Of(request, expiresAt, CredentialTerms.Of(request)) with
        {
            Permissions = request.Permissions,
            Organizations = OrganizationsOf(request.Organizations, kind, request.OrganizationId, request.Permissions is { Named: null }),
        };
    }

    /// <summary>The draft of a registered credential; also the part that is the same for every kind.</summary>
    /// <param name="request">The request.</param>
    /// <param name="expiresAt">Its expiry, after the kind's default (<see cref="ExpiryPolicy"/>).</param>
    /// <param name="terms">The terms in the request.</param>
    public static CredentialDraft Of(NewCredentialRequest request, DateTimeOffset? expiresAt, CredentialTerms terms) =>
        new()
        {
            Name = request.Name,
            ExpiresAt = expiresAt,
            IsEndSaid = request.ExpiresAt.IsPresent,
            NotBefore = request.NotBefore,
            Justification = request.Justification,
            Terms = terms,
        };

    /// <summary>The organizations that a request names, checked for form.</summary>
    /// <param name="organizations">They; <c>null</c> = none.</param>
    /// <param name="kind">The credential's kind.</param>
    /// <param name="organizationId">The one organization in which it acts; <c>null</c> = there is none.</param>
    /// <param name="followsOwner">Whether it grows with its owner's rights.</param>
    /// <exception cref="ProblemException">400 with every fault.</exception>
    internal static IReadOnlyList<OrganizationPermissions>? OrganizationsOf(
        IReadOnlyList<OrganizationPermissions>? organizations,
        string kind,
        string? organizationId,
        bool followsOwner
    )
    {
        if (organizations is null)
        {
            return null;
        }

        var check = new Validation();
        check.Require(kind == CredentialKind.PersonalAccessToken, "organizations", "is for personal access tokens");
        check.Require(organizationId is null, "organizations", "excludes organization_id: the token acts in that one alone");
        check.Require(
            !followsOwner,
            "permissions",
            "cannot be \"owner\" beside organizations; name them, or send [] for none outside organizations"
        );
        check.Require(
            organizations.Count is > 0 and <= MostOrganizations,
            "organizations",
            new FieldFault(
                "organizations_count",
                $"needs 1 to {MostOrganizations}; null for a token that acts in none",
                ("n", MostOrganizations)
            )
        );
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var there in organizations.Take(MostOrganizations))
        {
            if (there is not { Id: { } id, Permissions.Count: > 0 })
            {
                check.Require(
                    false,
                    "organizations",
                    new FieldFault("organization_needs_scope", "each needs id and permissions, which name at least one API")
                );
                continue;
            }

            check.Require(seen.Add(id), "organizations", Twice(id));
        }

        check.ThrowIfAny();
        return organizations;
    }

    /// <summary>
    /// For the caller or an application it owns, members that the request leaves out get the calling credential's values: its addresses, its limits, and an
    /// expiry no later than its own. Values in the request must lie within these (<see cref="MintingRule.CheckLimits"/>).
    /// </summary>
    public CredentialDraft Within(Caller caller, PrincipalFacts owner, string kind) =>
        !MintingRule.IsOwn(caller, owner)
            ? this
            : this with
            {
                Terms = Terms.Within(
                    caller.Terms,
                    // A client authentication credential has no limits, so a limited caller cannot make one (CheckLimits).
                    CredentialKind.IsClientAuthentication(kind)
                        ? null
                        : UseLimit.Tightest(MintingRule.LimitsOf(caller, owner))
                ),
                ExpiresAt = !IsEndSaid && caller.ExpiresAt is { } end && !(ExpiresAt <= end) ? end : ExpiresAt,
            };

    /// <summary>If the request sets no expiry, the latest that the policies allow takes the place of the default of its kind, unless that is earlier.</summary>
    public CredentialDraft EndingBy(DateTimeOffset? latest) =>
        IsEndSaid || latest is not { } end || ExpiresAt <= end
            ? this
            : this with
            {
                ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(end.ToUnixTimeMilliseconds()),
            };

    /// <summary>Checks the form; the minting rule checks the rights.</summary>
    /// <param name="catalog">Maps names to APIs and scopes.</param>
    /// <param name="kind">The credential's kind, which narrows what may be set.</param>
    /// <exception cref="ProblemException">400 with every fault.</exception>
    /// <param name="objectsAreNew">
    /// Whether the request names objects. Stored ones may have a form that is no longer accepted, and a PATCH of other members must not fail for that.
    /// </param>
    public CredentialDraft Checked(Catalog catalog, string kind, bool objectsAreNew = true)
    {
        var check = new Validation();
        var name = check.Name("name", Name);
        check.Require(
            Permissions is null || !CredentialKind.IsClientAuthentication(kind) && kind != CredentialKind.AnonymousApiKey,
            "permissions",
            CredentialTerms.HasNone(kind)
        );
        Terms.CheckKind(check, kind);
        CheckPermissions(check, catalog, Permissions?.Named);
        foreach (var there in Organizations ?? [])
        {
            CheckPermissions(check, catalog, there.Permissions, "organizations");
        }

        check.Require(NotBefore is null || ExpiresAt is null || NotBefore < ExpiresAt, "not_before", "must lie before expires_at");
        Terms.Check(check, objectsAreNew);
        check.ThrowIfAny();
        return this with { Name = name, Grants = Permissions?.Named is { } named ? GrantSet.Of(catalog, named).ToColumn() : Grants };
    }

    /// <summary>The same draft, with the permissions that its kind gets if the request names none.</summary>
    public CredentialDraft Or(string kind, Func<GrantSet> snapshot) =>
        Permissions is null && Grants is null && CredentialRow.HasPermissions(kind) ? this with { Grants = snapshot().ToColumn() } : this;

    /// <summary>The organizations in which it would act.</summary>
    public IReadOnlyList<string> OrganizationsOf(PrincipalFacts owner) =>
        owner.ActsIn is { } one ? [one] : [.. (Organizations ?? []).Select(there => there.Id)];

    /// <summary>The same draft with its grants in organizations.</summary>
    /// <param name="catalog">Maps names to APIs.</param>
    /// <param name="owner">Its owner.</param>
    /// <exception cref="ProblemException">400: the owner cannot act in one of them.</exception>
    public CredentialDraft InOrganizations(Catalog catalog, PrincipalFacts owner)
    {
        if (Organizations is not { } organizations)
        {
            return this;
        }

        var check = new Validation();
        check.Require(
            owner.ActsIn is null,
            "organizations",
            "cannot be named by a credential that acts in one organization: what it makes acts there too"
        );
        foreach (var there in organizations)
        {
            check.Require(
                owner.BelongsTo(there.Id),
                "organizations",
                new FieldFault(
                    "not_organization",
                    $"'{Validation.Shown(there.Id)}' is not an organization in which the owner of the credential can act",
                    ("value", Validation.Shown(there.Id))
                )
            );
        }

        check.ThrowIfAny();
        var grants = organizations.Select(there => new OrganizationGrants(there.Id, GrantSet.Of(catalog, there.Permissions)));
        return this with { Grants = GrantSet.Of(Grants!).With(grants).ToColumn() };
    }

    /// <summary>The same draft with the grants in organizations that the credential has: a PATCH changes those outside them.</summary>
    /// <param name="organizations">They; empty or <c>null</c> = none.</param>
    /// <exception cref="ProblemException">400: the request has the credential follow its owner.</exception>
    public CredentialDraft Keeping(IReadOnlyList<OrganizationGrants>? organizations)
    {
        if (organizations is not { Count: > 0 })
        {
            return this;
        }

        return Grants is { } column
            ? this with
            {
                Grants = GrantSet.Of(column).With(organizations).ToColumn(),
            }
            : throw ProblemException.Invalid("permissions", "cannot be \"owner\": the token names organizations");
    }

    /// <summary>Checks that every API is registered, defines the scopes and appears once. Roles use this too.</summary>
    /// <param name="check">Collects the faults.</param>
    /// <param name="catalog">The APIs.</param>
    /// <param name="permissions">The permissions; <c>null</c> = none requested.</param>
    /// <param name="member">The member of the request that holds them.</param>
    public static void CheckPermissions(
        Validation check,
        Catalog catalog,
        IReadOnlyList<Permission>? permissions,
        string member = "permissions"
    )
    {
        if (permissions is null)
        {
            return;
        }

        check.Require(permissions.Count <= 100, member, "more than 100 APIs");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var permission in permissions.Take(100))
        {
            if (permission?.Api is not { } api || permission.Scopes is null)
            {
                check.Require(false, member, "each needs api and scopes");
                continue;
            }

            check.Require(seen.Add(api), member, Twice(api));
            CheckPermission(check, catalog, permission, member, member);
        }
    }

    private static FieldFault Twice(string value) =>
        new FieldFault("twice", $"'{Validation.Shown(value)}' stands twice", ("value", Validation.Shown(value)));

    /// <summary>Checks that an API is registered and defines the scopes.</summary>
    /// <param name="check">Collects the faults.</param>
    /// <param name="catalog">The APIs.</param>
    /// <param name="permission">The API and its scopes.</param>
    /// <param name="apiMember">The member of the request that names the API.</param>
    /// <param name="scopesMember">The member that names the scopes.</param>
    public static void CheckPermission(Validation check, Catalog catalog, Permission permission, string apiMember, string scopesMember)
    {
        var (api, scopes) = (permission.Api, permission.Scopes);
        if (catalog.Resource(api) is not { } resource)
        {
            check.Require(
                false,
                apiMember,
                new FieldFault(
                    "not_api",
                    $"'{Validation.Shown(api)}' is not a registered API{SpelledOtherwise(catalog, api)}",
                    ("value", Validation.Shown(api))
                )
            );
            return;
        }

        check.Require(scopes.Count <= 500, scopesMember, $"more than 500 scopes of {api}");
        foreach (var scope in scopes.Take(500))
        {
            check.Require(
                scope is not null && resource.Scopes.Contains(scope),
                scopesMember,
                new FieldFault(
                    "not_scope",
                    $"'{Validation.Shown(scope)}' is not a scope of {api}",
                    ("value", Validation.Shown(scope)),
                    ("api", api)
                )
            );
        }
    }

    /// <summary>
    /// Identifiers are compared byte for byte. If one differs only by a slash or by case, the error names the registered one: the sender knows it already.
    /// </summary>
    private static string SpelledOtherwise(Catalog catalog, string api)
    {
        var letters = api.Length > 500 ? "" : NearestName.Letters(api);
        return catalog.Resources.FirstOrDefault(known => NearestName.Letters(known.Identifier) == letters) is { } known
            ? $"; {known.Identifier} is"
            : "";
    }
}
