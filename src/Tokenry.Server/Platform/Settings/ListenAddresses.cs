using System.Globalization;

namespace Tokenry.Server.Platform.Settings;

/// <summary>Checks the addresses of <c>--urls</c> and reports faults before other settings are derived from them.</summary>
internal static class ListenAddresses
{
    /// <summary>Adds a fault for each invalid address; <c>true</c> = all are valid.</summary>
    public static bool Check(string urls, List<string> faults)
    {
        var before = faults.Count;
        var all = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (all.Length == 0)
        {
            faults.Add($"--urls is empty. Name an address such as {TokenryOptions.DefaultUrl}.");
        }

        faults.AddRange(all.Select(Fault).OfType<string>());
        return faults.Count == before;
    }

    /// <summary>The address that a port, or a host with its port, probably means; <c>null</c> if the text is neither.</summary>
    public static string? Meant(string text) =>
        IsPort(text) ? $"http://127.0.0.1:{text}"
        : IsAddress(text) ? text
        : IsAddress("http://" + text) && text.LastIndexOf(':') is > 0 and var colon && IsPort(text[(colon + 1)..]) ? "http://" + text
        : null;

    private static string? Fault(string url) =>
        IsAddress(url) ? null
        : url.LastIndexOf(':') is var colon && url[(colon + 1)..] is [_, ..] port && port.All(char.IsAsciiDigit) && !IsPort(port)
            ? $"--urls '{url}' is not an address: a port is a number from 1 to 65535."
        : $"--urls '{url}' is not an address with http or https, host and port. Write --urls {Meant(url) ?? TokenryOptions.DefaultUrl}";

    private static bool IsPort(string text) =>
        text.All(char.IsAsciiDigit)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        && port is > 0 and <= 65535;

    private static bool IsAddress(string url)
    {
        try
        {
            return BindingAddress.Parse(url)
                is { Scheme: "http" or "https", Host.Length: > 0, Port: >= 0 and <= 65535, PathBase.Length: 0 };
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
        {
            return false;
        }
    }
}
