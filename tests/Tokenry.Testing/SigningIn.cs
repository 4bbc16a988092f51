using System.Net;

namespace Tokenry.Testing;

/// <summary>How tests sign people in: by a link that an administrator makes, as a new user does.</summary>
public static class SigningIn
{
    public const string Password = "plain moss kettle orbit";

    /// <summary>Path and query of a new link of the user.</summary>
    public static async Task<string> SignInLinkAsync(this ApiClient admin, string userId) =>
        new Uri((await admin.PostAsync($"/v1/users/{userId}/sign-in-links").Expect(200)).Text("url")).PathAndQuery;

    /// <summary>A browser in which the user has just set a password.</summary>
    public static async Task<Browser> BrowserOfAsync(this ApiClient admin, string userId, string password = Password)
    {
        var browser = new Browser(admin.Address);
        (await browser.SetPasswordAsync(await admin.SignInLinkAsync(userId), password)).Expect(303);
        return browser;
    }

    /// <summary>Opens a link and sends its form.</summary>
    public static Task<ApiResponse> SetPasswordAsync(this Browser browser, string link, string password) =>
        browser.SubmitAsync(link, "/sign-in/link", [("password", password), ("again", password)]);

    /// <summary>Opens the sign-in page and sends its form.</summary>
    public static Task<ApiResponse> SignInAsync(this Browser browser, string name, string password = Password) =>
        browser.SubmitAsync("/sign-in", "/sign-in", [("name", name), ("password", password)]);

    /// <summary>Turns on the second factor of the person in this browser, who has just signed in.</summary>
    public static async Task<SecondFactor> EnrolAsync(this Browser browser)
    {
        var app = await browser.StartEnrolmentAsync();
        var first = app.Code();
        var confirmed = (await browser.ConfirmEnrolmentAsync(first)).Expect(200);
        var codes = WebUtility.HtmlDecode(Between(confirmed.Body, "<code id=\"codes\">", "</code>"));
        return new SecondFactor(app, first, codes.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>The first step of that.</summary>
    public static async Task<AuthenticatorApp> StartEnrolmentAsync(this Browser browser)
    {
        var shown = await browser.SubmitAsync("/account/security", "/account/security/second-factor", []);
        return new AuthenticatorApp(Between(shown.Expect(200).Body, "<code id=\"key\" tabindex=\"0\">", "</code>"));
    }

    /// <summary>The second step of that.</summary>
    public static async Task<ApiResponse> ConfirmEnrolmentAsync(this Browser browser, string code) =>
        await browser.PostAsync(
            "/account/security/second-factor/confirm",
            [.. await browser.HiddenAsync("/account/security", "/sign-out"), ("code", code)]
        );

    /// <summary>Opens the page for the code, after the password, and sends its form.</summary>
    public static Task<ApiResponse> EnterCodeAsync(this Browser browser, string code) =>
        browser.SubmitAsync("/sign-in/code", "/sign-in/code", [("code", code)]);

    private static string Between(string text, string begin, string end) => text.Split(begin)[1].Split(end)[0];
}

/// <summary>A second factor in the hands of its person.</summary>
/// <param name="App">The authenticator app.</param>
/// <param name="FirstCode">The code that turned it on, which is used up.</param>
/// <param name="RecoveryCodes">The recovery codes.</param>
public sealed record SecondFactor(AuthenticatorApp App, string FirstCode, IReadOnlyList<string> RecoveryCodes);
