using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;

namespace Tokenry.Server.Core.Doors;

/// <summary>What a door found out about one presented credential.</summary>
/// <param name="Code">One of <see cref="VerificationCode"/>.</param>
/// <param name="Credential">What it is.</param>
/// <param name="Scopes">What it may do at the API that was asked about.</param>
/// <param name="Limits">What its limits said, where everything else was in order.</param>
public readonly record struct Verdict(string Code, AuthenticationResult Credential, ScopeSet Scopes, LimitOutcome Limits)
{
    /// <summary>Whether it came in the query, which serves API keys alone.</summary>
    public bool IsMisplaced { get; init; }

    /// <summary>What the request proved.</summary>
    public Possession Possession { get; init; }

    public bool IsValid => Code == VerificationCode.Valid;
}
