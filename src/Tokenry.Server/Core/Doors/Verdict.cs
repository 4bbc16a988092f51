using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;

namespace Tokenry.Server.Core.Doors;

/// <summary>The result of a door for one presented credential.</summary>
/// <param name="Code">One of <see cref="VerificationCode"/>.</param>
/// <param name="Credential">The result of authentication.</param>
/// <param name="Scopes">What it may do at the requested API.</param>
/// <param name="Limits">The result of its limits, if every other check passed.</param>
public readonly record struct Verdict(string Code, AuthenticationResult Credential, ScopeSet Scopes, LimitOutcome Limits)
{
    /// <summary>Whether it came in the query, which is allowed for API keys only.</summary>
    public bool IsMisplaced { get; init; }

    /// <summary>What the request proved.</summary>
    public Possession Possession { get; init; }

    public bool IsValid => Code == VerificationCode.Valid;
}
