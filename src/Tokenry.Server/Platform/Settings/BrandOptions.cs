namespace Tokenry.Server.Platform.Settings;

/// <summary>The brands with which secrets begin. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record BrandOptions
{
    internal static readonly string[] Keys = ["Brand", "RetiredBrands"];
    internal static readonly string[] Lists = ["RetiredBrands"];

    /// <summary>The brand of new secrets.</summary>
    public string Current { get; init; } = "tkr";

    /// <summary>Brands of older secrets, which stay valid.</summary>
    public IReadOnlyList<string> Retired { get; init; } = [];

    internal static BrandOptions Read(IConfigurationSection section, List<string> faults)
    {
        var brands = new BrandOptions { Current = section["Brand"] ?? "tkr", Retired = SettingValue.List(section, "RetiredBrands") };
        foreach (var name in brands.Retired.Prepend(brands.Current))
        {
            if (name.Length is < 2 or > 10 || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)))
            {
                faults.Add($"Tokenry:Brand '{name}' is not 2 to 10 characters of a-z and 0-9.");
            }
        }

        return brands;
    }
}
