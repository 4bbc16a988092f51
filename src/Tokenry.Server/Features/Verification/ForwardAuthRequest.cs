using Microsoft.Extensions.Primitives;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Verification;

/// <summary>
/// The requirements in a proxy's configuration: <c>?api=…&amp;scope=…&amp;object=…&amp;organization=…&amp;as=jwt&amp;origin=…</c>. The server parses them strictly: a misspelt
/// or empty requirement must not admit every client.
/// </summary>
public sealed record ForwardAuthRequest(string Api, ScopeSet Scopes, string? Object, bool AsJwt)
{
    /// <summary>The organization that the request is about; <c>null</c> = the proxy names none.</summary>
    public string? Organization { get; init; }

    /// <summary>Scheme and host at which clients reach the API, and for which they make proofs; <c>null</c> = those of the API's identifier.</summary>
    public Uri? Origin { get; init; }

    private const int MostScopes = 100;

    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public static ForwardAuthRequest Read(IQueryCollection query)
    {
        var check = new Validation();
        string? api = null;
        string? asked = null;
        var scopes = ScopeSet.Empty;
        var asJwt = false;
        Uri? origin = null;
        string? organization = null;
        foreach (var (name, values) in query)
        {
            switch (name)
            {
                case "api":
                    api = One(check, name, values);
                    break;
                case "scope":
                    scopes = Scope(check, values);
                    break;
                case "object":
                    asked = One(check, name, values);
                    check.Require(asked is null || ObjectPattern.IsValidObject(asked), name, "is not type:id");
                    break;
                case "organization":
                    organization = One(check, name, values);
                    check.Require(
                        organization is null || PublicId.IsWellFormed(organization, "org"),
                        name,
                        "is not the id of an organization"
                    );
                    break;
                case "as":
                    asJwt = One(check, name, values) == "jwt";
                    check.Require(asJwt, name, "must be jwt");
                    break;
                case "origin":
                    var isWeb =
                        Uri.TryCreate(One(check, name, values), UriKind.Absolute, out origin)
                        && origin.Scheme is "https" or "http"
                        && origin is { PathAndQuery: "/", UserInfo.Length: 0, Fragment.Length: 0 };
                    check.Require(isWeb, name, "is not scheme and host of http(s), such as https://api.example.com");
                    break;
                default:
                    check.Require(
                        false,
                        Validation.Shown(name),
                        "is not a parameter of this door; known: api, scope, object, organization, as, origin"
                    );
                    break;
            }
        }

        check.Require(!string.IsNullOrEmpty(api), "api", "is required: the identifier of the API resource behind the proxy");
        check.ThrowIfAny();
        return new(api!, scopes, asked, asJwt) { Origin = origin, Organization = organization };
    }

    private static string? One(Validation check, string name, StringValues values)
    {
        check.Require(values.Count == 1, name, "stands twice");
        check.Require(values.Count != 1 || values[0] is { Length: > 0 }, name, "is empty");
        return values.Count == 1 ? values[0] : null;
    }

    private static ScopeSet Scope(Validation check, StringValues values)
    {
        var all = ScopeSet.Empty;
        foreach (var value in values)
        {
            if (string.IsNullOrEmpty(value) || !ScopeSet.TryParse(value, out var scopes))
            {
                check.Require(false, "scope", "is empty or malformed: scopes are separated by single spaces");
                continue;
            }

            all = all.Union(scopes);
        }

        check.Require(all.Count <= MostScopes, "scope", $"more than {MostScopes}");
        return all;
    }
}
