namespace Tokenry.Testing;

/// <summary>Forms of pages of the console, whose addresses are below the base of the page.</summary>
public static class PageForms
{
    /// <summary>Opens a page and sends its form with that action, both below the base.</summary>
    public static async Task<ApiResponse> SendAsync(this Browser browser, string page, string action, params (string, string)[] fields) =>
        await browser.PostAsync("/" + action, [.. await browser.HiddenAsync("/" + page, action), .. fields]);

    /// <summary>Acts in an organization from now on; empty = on the whole server.</summary>
    public static async Task ActInAsync(this Browser browser, string organization) =>
        (await browser.SendAsync("account/tokens", "organization", ("organization", organization))).Expect(303);
}
