using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Doors;

/// <summary>What a door is asked, beside the credential.</summary>
/// <param name="Door">One of <c>DoorNames</c>.</param>
/// <param name="Requirement">What the request needs. The door fills in what the request proved.</param>
/// <param name="From">From where the credential came.</param>
/// <param name="About">Method and path, for the records.</param>
public readonly record struct DoorRequest(string Door, Requirement Requirement, UseCircumstances From, ForwardedRequest About)
{
    /// <summary>Whether the credential came in the query.</summary>
    public bool IsInQuery { get; init; }

    /// <summary>What came beside the credential; <c>null</c> = nothing, or it is read from <see cref="Own"/> where it is needed.</summary>
    public PresentedProof? Proof { get; init; }

    /// <summary>At Tokenry's own API: the request itself, and whether the credential came under the scheme <c>DPoP</c>.</summary>
    public (HttpContext Context, bool IsDpop)? Own { get; init; }
}
