using System.Net;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Core.Access;

/// <summary>What a request requires of the credential that it carries.</summary>
public readonly struct Requirement
{
    /// <summary>The API resource; <c>null</c> = the request names none.</summary>
    public ApiResourceFacts? Api { get; init; }

    /// <summary>Whether the request names an API that is not registered.</summary>
    public bool ApiIsUnknown { get; init; }

    /// <summary>Whether it is Tokenry's own API, where the operation checks the scopes (the Gate).</summary>
    public bool IsOwnApi { get; init; }

    public ScopeSet Scopes { get; init; }

    /// <summary>The organization that the request is about; <c>null</c> = it names none.</summary>
    public string? Organization { get; init; }

    public string? Object { get; init; }

    public IPAddress? Address { get; init; }

    /// <summary>What the request proved. For introspection: what the answer lets the resource server check.</summary>
    public required Possession Possession { get; init; }

    /// <summary>The requirement of Tokenry's own API.</summary>
    public static Requirement AtOwnApi(in Possession possession, IPAddress? address) =>
        new()
        {
            IsOwnApi = true,
            Api = ManagementApi.Resource,
            Scopes = ScopeSet.Empty,
            Possession = possession,
            Address = address,
        };
}

/// <summary>Decides whether a credential that is valid itself satisfies a requirement. Applies the contract's precedence, from <c>wrong_organization</c> on.</summary>
public static class AccessDecision
{
    /// <returns>The code, and the scopes the credential has at the API.</returns>
    public static (string Code, ScopeSet Scopes) Decide(Catalog catalog, Authenticated authenticated, in Requirement requirement)
    {
        if (requirement.IsOwnApi)
        {
            return AtOwnApi(catalog, authenticated, requirement);
        }

        if (requirement.Organization is { } organization && organization != authenticated.OrganizationId)
        {
            return (VerificationCode.WrongOrganization, ScopeSet.Empty);
        }

        if (requirement.ApiIsUnknown)
        {
            return (VerificationCode.WrongApi, ScopeSet.Empty);
        }

        if (requirement.Api is not { } api)
        {
            return CredentialKind.IsClientAuthentication(authenticated.Kind) ? (VerificationCode.CredentialKindNotAccepted, ScopeSet.Empty)
                // An access token is for one API, which may have been deleted or replaced by another of the same name.
                : authenticated.Token is not null && !authenticated.IsTokenForAny(catalog) ? (VerificationCode.WrongApi, ScopeSet.Empty)
                : requirement.Possession.Code != VerificationCode.Valid ? (requirement.Possession.Code, ScopeSet.Empty)
                : !IsAddressAllowed(authenticated, requirement.Address) ? (VerificationCode.IpNotAllowed, ScopeSet.Empty)
                : (VerificationCode.Valid, ScopeSet.Empty);
        }

        var isAnonymous = authenticated is AuthenticatedCredential { Stored.IsAnonymous: true };
        // A public key reaches this point only as the signer of a request, which the API may accept.
        var authenticatesClient = CredentialKind.IsClientAuthentication(authenticated.Kind) && authenticated.Signature is null;
        var scopes = authenticatesClient ? ScopeSet.Empty : Rights.Of(catalog, authenticated, api, requirement.Object);
        var hasNone = scopes.IsEmpty && !isAnonymous && !authenticatesClient;
        if (hasNone && !IsPermittedElsewhere(catalog, authenticated, api))
        {
            return (VerificationCode.WrongApi, scopes);
        }

        var usable = api.Usable(scopes, authenticated.Kind);
        if (
            authenticatesClient
            || !api.AcceptedKinds.Contains(authenticated.Kind)
            || !ReferenceEquals(usable, scopes)
                && (usable.IsEmpty || scopes.IsSupersetOf(requirement.Scopes) && !usable.IsSupersetOf(requirement.Scopes))
        )
        {
            return (VerificationCode.CredentialKindNotAccepted, scopes);
        }

        scopes = usable;

        var possession = requirement.Possession;
        // If the credential could never be strong enough, the code says so first, because no proof would help.
        var best =
            authenticated.Token is { IsBound: true } ? Strength.Bound
            : authenticated.Stored is { CanSign: true } ? Strength.Signed
            : possession.Strength;
        if (best < api.MinimumStrength)
        {
            return (VerificationCode.StrengthTooLow, scopes);
        }

        if (possession.Code != VerificationCode.Valid)
        {
            return (possession.Code, scopes);
        }

        if (possession.Strength < api.MinimumStrength)
        {
            return (VerificationCode.ProofRequired, scopes);
        }

        if (!IsAddressAllowed(authenticated, requirement.Address))
        {
            return (VerificationCode.IpNotAllowed, scopes);
        }

        if (hasNone)
        {
            return (VerificationCode.ObjectNotAllowed, scopes);
        }

        if (!scopes.IsSupersetOf(requirement.Scopes))
        {
            return (VerificationCode.InsufficientScope, scopes);
        }

        return (
            IsObjectAllowed(authenticated, api, requirement.Object) ? VerificationCode.Valid : VerificationCode.ObjectNotAllowed,
            scopes
        );
    }

    /// <summary>
    /// The code at the management API and the effective scopes there. Any valid opaque credential may ask for its own identity (<c>/v1/me</c>), so a
    /// credential without scopes is not refused. An access token must be meant for this API.
    /// </summary>
    private static (string Code, ScopeSet Scopes) AtOwnApi(Catalog catalog, Authenticated authenticated, in Requirement requirement)
    {
        var possession = requirement.Possession;
        var code =
            CredentialKind.IsClientAuthentication(authenticated.Kind) ? VerificationCode.CredentialKindNotAccepted
            : authenticated.Token is { } token && !token.Audience.Contains(ManagementApi.Identifier) ? VerificationCode.WrongApi
            : possession.Code != VerificationCode.Valid ? possession.Code
            : !IsAddressAllowed(authenticated, requirement.Address) ? VerificationCode.IpNotAllowed
            : VerificationCode.Valid;
        // The management API has no object types: a credential limited to objects has no rights there.
        return code == VerificationCode.Valid && Objects(authenticated) is null
            ? (code, Rights.Of(catalog, authenticated, ManagementApi.Resource))
            : (code, ScopeSet.Empty);
    }

    /// <summary>Whether it has rights at the API on other objects than the request is about.</summary>
    private static bool IsPermittedElsewhere(Catalog catalog, Authenticated credential, ApiResourceFacts api) =>
        !Rights.Of(catalog, credential.Owner, credential.NamedAt(api), api, AboutObjects.Any()).IsEmpty;

    /// <summary>The patterns a credential is limited to. An access token carries its own, not those of the credential that bought it.</summary>
    public static IReadOnlyList<ObjectPattern>? Objects(Authenticated authenticated)
    {
        if (authenticated.Token is not { } token)
        {
            return authenticated.Stored?.Terms.Objects;
        }

        // A claim that is not a pattern matches nothing rather than everything.
        return token.Objects?.SelectMany(text => ObjectPattern.TryParse(text, out var pattern) ? new[] { pattern } : []).ToArray();
    }

    internal static bool IsAddressAllowed(Authenticated authenticated, IPAddress? address)
    {
        // The allowed networks of a client secret apply where tokens are issued, not where they are used.
        if (authenticated is not AuthenticatedCredential { Stored.Terms.AllowedIps: { } ranges })
        {
            return true;
        }

        foreach (var range in ranges)
        {
            if (address is not null && range.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsObjectAllowed(Authenticated authenticated, ApiResourceFacts api, string? asked)
    {
        if (Objects(authenticated) is not { } patterns)
        {
            return true;
        }

        if (api.ObjectTypes.Length == 0)
        {
            return false;
        }

        if (asked is null)
        {
            return true;
        }

        foreach (var pattern in patterns)
        {
            if (pattern.Matches(asked) && api.ObjectTypes.Contains(pattern.Type))
            {
                return true;
            }
        }

        return false;
    }
}
