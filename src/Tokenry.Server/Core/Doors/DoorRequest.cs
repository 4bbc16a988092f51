using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Doors;

/// <summary>The input of a door, beside the credential.</summary>
/// <param name="Door">One of <c>DoorNames</c>.</param>
/// <param name="Requirement">What the request requires. The door fills in what the request proved.</param>
/// <param name="From">Where the credential came from.</param>
/// <param name="About">Method and path, for the records.</param>
public readonly record struct DoorRequest(string Door, Requirement Requirement, UseCircumstances From, ForwardedRequest About)
{
    /// <summary>Whether the credential came in the query.</summary>
    public bool IsInQuery { get; init; }

    /// <summary>The proof beside the credential; <c>null</c> = none, or the door reads it from <see cref="Own"/> when needed.</summary>
    public PresentedProof? Proof { get; init; }

    /// <summary>At Tokenry's own API: the request itself, and whether the credential came under the scheme <c>DPoP</c>.</summary>
    public (HttpContext Context, bool IsDpop)? Own { get; init; }
}
