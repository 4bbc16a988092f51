using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Keys;

namespace Tokenry.Server.Composition;

/// <summary>What the framework needs to check the forms of pages.</summary>
internal static class PageServices
{
    private const string FormCookie = "__Host-tokenry-form";

    public static IServiceCollection AddPageServices(this IServiceCollection services)
    {
        services.AddSingleton<IDataProtectionProvider, KeyRingProtection>();
        services.AddAntiforgery();
        services.Configure<AntiforgeryOptions>(form =>
        {
            form.FormFieldName = FormGuard.Field;
            form.HeaderName = null;
            form.SuppressXFrameOptionsHeader = true; // each page forbids all frames
            form.Cookie = new SecureCookie
            {
                Name = FormCookie,
                Path = "/",
                HttpOnly = true,
                SameSite = SameSiteMode.Lax,
                IsEssential = true,
            };
        });
        // It would make a key ring of its own in the home directory at every start.
        foreach (
            var unused in services
                .Where(service =>
                    service.ImplementationType?.Namespace?.StartsWith("Microsoft.AspNetCore.DataProtection", StringComparison.Ordinal)
                    == true
                )
                .Where(service => service.ServiceType == typeof(IHostedService))
                .ToList()
        )
        {
            services.Remove(unused);
        }

        return services;
    }

    /// <summary>
    /// Secure on plain http too: browsers take such a cookie from <c>localhost</c>, and behind a TLS proxy the request is plain http here. The framework's own
    /// setting would refuse every request that is not https.
    /// </summary>
    private sealed class SecureCookie : CookieBuilder
    {
        public override CookieOptions Build(HttpContext context, DateTimeOffset expiresFrom)
        {
            var options = base.Build(context, expiresFrom);
            options.Secure = true;
            return options;
        }
    }
}
