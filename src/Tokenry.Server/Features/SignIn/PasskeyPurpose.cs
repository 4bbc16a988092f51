namespace Tokenry.Server.Features.SignIn;

/// <summary>What an answer of a passkey is for, and in which browser. An answer for one purpose counts for no other.</summary>
internal static class PasskeyPurpose
{
    /// <param name="browser">The value of the browser's cookie.</param>
    public static string SignIn(string browser) => $"sign-in/{browser}";

    /// <param name="browser">The value of the browser's cookie.</param>
    /// <param name="code">The code of the link.</param>
    public static string Link(string browser, string code) => $"link/{browser}/{code}";

    /// <param name="session">The id of the session.</param>
    public static string Confirm(string session) => $"confirm/{session}";

    /// <param name="session">The id of the session.</param>
    public static string Add(string session) => $"add/{session}";
}
