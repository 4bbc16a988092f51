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
}
