namespace Tokenry.Protocol.Api;

/// <summary>Values of <see cref="Application.Weaknesses"/>.</summary>
public static class ApplicationWeakness
{
    /// <summary>
    /// The application may have more rights than its owner (<see cref="Application.OwnerBound"/>). A transfer ends this, even a transfer to the same owner.
    /// </summary>
    public const string NotOwnerBound = "not_owner_bound";
}
