using System.Text;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// One value of <c>WWW-Authenticate</c> (RFC 9110 §11.6.1): the schemes that a door takes, and what it says of the failure. Every challenge of the server
/// is written here.
/// </summary>
public readonly record struct Challenge
{
    private const string Realm = "realm=\"tokenry\"";
    private const string BearerScheme = $"Bearer {Realm}";
    private const string BasicScheme = $"Basic {Realm}, charset=\"UTF-8\"";
    private const string ApiKeyScheme = $"ApiKey {Realm}";
    private const string SignatureScheme = $"Signature {Realm}";

    /// <summary>The scheme <c>DPoP</c> with the algorithms that proofs may be signed with (RFC 9449 §7.1).</summary>
    private static readonly string DpopScheme = $"DPoP algs=\"{string.Join(' ', DpopProofValidator.Algorithms)}\"";

    private readonly string first;
    private readonly string? second;

    private Challenge(string first, string? second = null) => (this.first, this.second) = (first, second);

    /// <summary>RFC 6750.</summary>
    public static Challenge Bearer => new(BearerScheme);

    /// <summary>RFC 7617.</summary>
    public static Challenge Basic => new(BasicScheme);

    /// <summary>RFC 6750 and RFC 7617, for an API that takes both.</summary>
    public static Challenge BearerOrBasic => new(BearerScheme, BasicScheme);

    /// <summary>For an API that takes keys in headers of its own, and nothing in <c>Authorization</c>.</summary>
    public static Challenge ApiKey => new(ApiKeyScheme);

    /// <summary>For reports that a secret scanner signs.</summary>
    public static Challenge Signature => new(SignatureScheme);

    /// <summary>What was wrong; by default nothing was presented, and RFC 6750 §3 wants no error then.</summary>
    public ChallengeError Error { get; init; }

    /// <summary>All scopes that the request needs (RFC 6750 §3), separated by spaces; <c>null</c> = not said.</summary>
    public string? Scope { get; init; }

    /// <summary>Address of the protected resource metadata (RFC 9728 §5.1); <c>null</c> = not said.</summary>
    public string? Metadata { get; init; }

    /// <summary>Whether the scheme <c>DPoP</c> is offered behind the others.</summary>
    public bool OffersDpop { get; init; }

    /// <summary>What was wrong under the scheme <c>DPoP</c>, which then comes first; <c>null</c> = the request did not use it and does not need it.</summary>
    public ChallengeError? DpopError { get; init; }

    private bool IsBare => second is null && Error.Code is null && Scope is null && Metadata is null && DpopError is null && !OffersDpop;

    public override string ToString()
    {
        if (IsBare)
        {
            return first;
        }

        var text = new StringBuilder(256);
        if (DpopError is { } dpop)
        {
            text.Append(DpopScheme);
            Add(text, "error", dpop.Code);
            text.Append(", ");
        }

        text.Append(first);
        Add(text, "error", Error.Code);
        Add(text, "error_description", Error.Description);
        Add(text, "scope", Scope);
        Add(text, "resource_metadata", Metadata);
        if (second is not null)
        {
            text.Append(", ").Append(second);
        }

        if (OffersDpop)
        {
            text.Append(", ").Append(DpopScheme);
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, string name, string? value)
    {
        if (value is not null)
        {
            text.Append(", ").Append(name).Append("=\"").Append(value).Append('"');
        }
    }
}
