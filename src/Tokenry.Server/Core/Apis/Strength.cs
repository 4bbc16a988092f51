namespace Tokenry.Server.Core.Apis;

/// <summary>How much a request proves of whoever sends it; what is stronger does wherever less is asked.</summary>
public enum Strength
{
    /// <summary>It holds the credential, which anybody could who saw it.</summary>
    Bearer,

    /// <summary>The request itself is signed, so that a captured one is worth nothing.</summary>
    Signed,

    /// <summary>The token is bound to a key or certificate whose possession was proved.</summary>
    Bound,
}
