namespace Tokenry.Protocol.Api;

/// <summary>Values of <see cref="Application.Weaknesses"/>.</summary>
public static class ApplicationWeakness
{
    /// <summary>It may have more than its owner (<see cref="Application.OwnerBound"/>); a transfer, be it to the same owner, ends that.</summary>
    public const string NotOwnerBound = "not_owner_bound";
}
